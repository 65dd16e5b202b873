"""The download command, run as a user runs it, on files of the released names and shapes."""

import hashlib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from argus.errors import CheckpointError
from argus.model_files.official_weights import NAMES, get_official_weights
from argus.models.backbones import DinoVisionTransformer, weights
from argus.models.backbones.weight_layouts import from_official
from argus.models.backbones.weights import official_url
from tests.file_server import FileServer, serve
from tools.checkpoints import download

NAME = "dinov2_vits14"
FILE = "dinov2_vits14_pretrain.pth"


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    """Names and shapes of the small model, one number each."""
    with torch.device("meta"):
        vit = DinoVisionTransformer("small", weights="random", num_registers=0)
    return {n: torch.zeros(1).expand(t.shape) for n, t in vit.state_dict().items()}


@pytest.fixture
def at_hand(state: dict[str, torch.Tensor], tmp_path: Path) -> Path:
    path = tmp_path / "at_hand.pth"
    torch.save(state, path)
    return path


@pytest.fixture
def server(at_hand: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    """In the place of the publisher's."""
    with serve(FileServer(at_hand.read_bytes())) as running:
        monkeypatch.setattr(weights, "DOWNLOAD_ROOT", running.url)
        yield running


def test_names__are_those_of_the_released_files() -> None:
    assert len(NAMES) == 8
    assert official_url("dinov2_vitg14_reg4").endswith(
        "/dinov2/dinov2_vitg14/dinov2_vitg14_reg4_pretrain.pth"
    )


def test_download__is_put_in_place_with_its_hash(
    server: FileServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "weights"
    server.ends_after = 1000
    with pytest.raises(CheckpointError, match="goes on from there.*\n.*By hand: get http"):
        download.main([NAME, "--out", str(out)])
    assert not (out / FILE).exists()
    download.main([NAME, "--out", str(out)])
    assert server.ranges == [None, "bytes=1000-"]
    assert (out / FILE).read_bytes() == server.content
    digest = hashlib.sha256(server.content).hexdigest()
    said = capsys.readouterr().out
    assert f"SHA-256 {digest}" in said
    assert "publisher states no hash" in said
    assert (out / f"{FILE}.sha256").read_text() == f"{digest}  {FILE}\n"
    assert sorted(path.name for path in out.iterdir()) == [FILE, f"{FILE}.sha256"]
    download.main([NAME, "--out", str(out)])
    assert "is there already" in capsys.readouterr().out
    assert len(server.ranges) == 2


def test_download__another_hash_leaves_no_file(
    server: FileServer, state: dict[str, torch.Tensor], tmp_path: Path
) -> None:
    out = tmp_path / "weights"
    with pytest.raises(CheckpointError, match=r"expected 0+ \(--sha256\).*not put in place"):
        download.main([NAME, "--out", str(out), "--sha256", "0" * 64])
    assert not list(out.iterdir())
    get_official_weights(NAME, out)
    (out / FILE).unlink()
    torch.save({n: t + 1 if n == "cls_token" else t for n, t in state.items()}, tmp_path / "b.pth")
    server.content = (tmp_path / "b.pth").read_bytes()
    with pytest.raises(CheckpointError, match="delete that if the publisher has replaced"):
        get_official_weights(NAME, out)
    assert [path.name for path in out.iterdir()] == [f"{FILE}.sha256"]
    (out / FILE).write_bytes(b"damaged")
    with pytest.raises(CheckpointError, match="is there, with SHA-256.*Delete the file"):
        get_official_weights(NAME, out)


def test_download__from_a_file_or_a_mirror(
    at_hand: Path, server: FileServer, tmp_path: Path
) -> None:
    digest = hashlib.sha256(at_hand.read_bytes()).hexdigest()
    for source in (str(at_hand), f"{server.url}/mirror.pth"):
        out = tmp_path / source[-12:-4].replace("/", "_")
        report = get_official_weights(NAME, out, source=source, sha256=digest.upper())
        assert "as --sha256 says" in report
        assert (out / FILE).read_bytes() == at_hand.read_bytes()
    assert at_hand.is_file()


def test_download__other_models_and_layouts_are_not_taken(
    state: dict[str, torch.Tensor], at_hand: Path, tmp_path: Path
) -> None:
    out, timm = tmp_path / "weights", tmp_path / "timm.pth"
    torch.save(from_official(state, "timm").state, timm)
    page = tmp_path / "page.pth"
    page.write_text("<html>")
    for name, source, message in (
        ("dinov2_vitb14", at_hand, "is not the official file of dinov2_vitb14: .*another shape"),
        ("dinov2_vits14_reg4", at_hand, "1 missing parameter: register_tokens"),
        (NAME, timm, "layout of timm.*convert.py"),
        (NAME, page, "page.pth: a web page"),
        (NAME, tmp_path / "none.pth", "--from: there is no file"),
        (NAME, "file:///etc/passwd", "address of http or https"),
        ("dinov2_vitb14_reg", at_hand, "Expected one of .*dinov2_vitb14_reg4"),
    ):
        with pytest.raises(CheckpointError, match=message):
            download.main([name, "--out", str(out), "--from", str(source)])
        assert not out.exists() or not list(out.iterdir())


def test_download__a_flipped_bit_is_found(at_hand: Path, tmp_path: Path) -> None:
    content = bytearray(at_hand.read_bytes())
    with zipfile.ZipFile(at_hand) as archive:
        entry = next(e for e in archive.infolist() if e.filename.endswith("data/0"))
    header = content[entry.header_offset :]
    content[
        entry.header_offset
        + 30
        + int.from_bytes(header[26:28], "little")
        + int.from_bytes(header[28:30], "little")
    ] ^= 1
    at_hand.write_bytes(content)
    with pytest.raises(CheckpointError, match="data/0 is damaged, by checksum"):
        get_official_weights(NAME, tmp_path / "weights", source=str(at_hand))
    assert not list((tmp_path / "weights").iterdir())
