"""A released model: what is in it, where its ViT comes from, and that its answers are the same."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from argus.api import Argus
from argus.errors import CheckpointError, ConfigError
from argus.files.cache_folder import cache_folder
from argus.model_files.describe import describe
from argus.models.backbones import separate_vit, trained_backbone, weights
from argus.models.backbones.separate_vit import VARIABLE, read_model
from argus.release.compare import compare
from argus.release.writing import release
from argus.storage.model_folder import MANIFEST, WEIGHTS, ModelFolder, read_manifest
from tests.file_server import FileServer, serve
from tests.tiny_model import tiny_model
from tools.checkpoints import release as tool

PREFIX = "backbone.vit."
TASKS = ("semantic", "depth", "classification")


def whole_model() -> ModelFolder:
    """Of three tasks, as a training with a frozen ViT leaves it."""
    model = tiny_model(*TASKS)
    model.manifest["backbone"]["frozen"] = PREFIX
    base = dict(name="dinov2_vits14", sha256="")
    model.manifest["sources"] = [
        dict(file="iter_3.pth", sha256="cd" * 32, stage=1, base=base, tasks={t: t for t in TASKS})
    ]
    for task in model.manifest["tasks"].values():
        task["licence"] = "rendered: CC0"
    return model


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    return [np.random.default_rng(0).integers(0, 255, (64, 96, 3), np.uint8)]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder ``model``, its release by the command, and its ViT's file ``vit.safetensors``."""
    root = tmp_path_factory.mktemp("release")
    whole_model().write(root / "model")
    own = whole_model().state.items()
    vit = {name.removeprefix(PREFIX): value for name, value in own if name.startswith(PREFIX)}
    save_file({name: value.contiguous() for name, value in vit.items()}, root / "vit.safetensors")
    torch.save(vit, root / "vit.pth")
    (root / "results.json").write_text(json.dumps({"semantic/mIoU": 0.5, "seconds": {"a": 1}}))
    with pytest.MonkeyPatch.context() as patch:
        options = ["--out", root / "small", "--results", root / "results.json"]
        patch.setattr(sys, "argv", list(map(str, ["release.py", root / "model", *options])))
        patch.setattr(tool, "_SIZE", (64, 64))
        tool.main()
    return root


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Empty, as is the folder that one is in."""
    monkeypatch.setenv("ARGUS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "cache/weights"


@pytest.fixture
def with_vit(root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(root / "vit.safetensors"))


def test_folder__holds_no_vit_and_matrices_in_half(root: Path) -> None:
    with safe_open(root / "small" / WEIGHTS, "pt") as file:
        stored = {name: file.get_tensor(name) for name in file.keys()}
    whole = whole_model().state
    assert stored.keys() == {name for name in whole if not name.startswith(PREFIX)}
    for name, tensor in stored.items():
        expected = whole[name].half() if tensor.dtype == torch.float16 else whole[name]
        assert torch.equal(tensor, expected), name
    matrices = [t for n, t in stored.items() if n.endswith("weight") and t.ndim >= 2]
    assert matrices and all(tensor.dtype == torch.float16 for tensor in matrices)
    assert all(t.dtype != torch.float16 for t in stored.values() if t.ndim < 2)


@pytest.mark.usefixtures("with_vit")
def test_read__gives_the_whole_model_in_float32(root: Path) -> None:
    model, whole = read_model(root / "small"), whole_model()
    assert model.state.keys() == whole.state.keys() and "release" not in model.manifest
    for name, tensor in model.state.items():
        assert tensor.dtype == whole.state[name].dtype
        if name.startswith(PREFIX):
            assert torch.equal(tensor, whole.state[name]), name
    assert model.manifest["tasks"]["semantic"]["metrics"] == {"mIoU": 0.5}


@pytest.mark.usefixtures("with_vit")
def test_answers__are_those_of_the_original(root: Path, pictures: list[np.ndarray]) -> None:
    original = Argus.from_pretrained(root / "model", dtype="fp32")
    released = Argus.from_pretrained(root / "small", dtype="fp32")
    differences = compare(original, released, pictures)
    assert 0 < differences["depth"]["max m"] < 0.05
    assert compare(original, original, pictures)["depth"] == {"max m": 0, "mean m": 0}
    with torch.no_grad():
        for parameter in released.model.decoder("depth").parameters():
            parameter.mul_(1.5)
    with pytest.raises(CheckpointError, match="nothing was written: depth: "):
        compare(original, released, pictures)


@pytest.mark.usefixtures("with_vit")
def test_backbone__of_a_new_task_is_known_by_the_hash_of_the_release(root: Path) -> None:
    from argus.storage.checkpoint import tensor_hash

    backbone = trained_backbone(checkpoint=str(root / "small"))
    state = {f"backbone.{name}": value for name, value in backbone.state_dict().items()}
    assert tensor_hash(state) == read_manifest(root / "small")["backbone"]["sha256"]


@pytest.mark.usefixtures("with_vit")
def test_manifest__keeps_what_is_said_of_the_release(root: Path, tmp_path: Path) -> None:
    for file in (root / "small").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    before = read_manifest(tmp_path)
    model = read_model(tmp_path)
    model.add_metrics({"depth/rmse": 1.5})
    model.write_manifest(tmp_path)
    after = read_manifest(tmp_path)
    assert after["release"] == before["release"]
    assert after["tasks"]["depth"]["metrics"] == {"rmse": 1.5}
    saved = Argus.from_pretrained(tmp_path, tasks=["depth"]).save_pretrained(tmp_path / "whole")
    assert "release" not in read_manifest(saved)
    assert any(name.startswith(PREFIX) for name in ModelFolder.read(saved).state)


def test_card_and_info__tell_of_the_vit_and_the_rounding(root: Path) -> None:
    card = (root / "small/README.md").read_text()
    vit = read_manifest(root / "small")["release"]["vit"]
    assert vit["sha256"] in card and "`ARGUS_VIT`" in card and "official file of `dinov2_v" in card
    assert "| semantic | mIoU | 0.5 | - |" in card or "mIoU" in card
    assert "rounded to float16" in card and "rendered: CC0" in card
    counted = [describe(root / name)["backbone"]["parameters"] for name in ("model", "small")]
    assert counted[0] == counted[1]


def test_vit__none_at_hand_is_one_sentence(root: Path, cache: Path) -> None:
    manifest = json.loads((root / "small" / MANIFEST).read_text())
    vit = dict(manifest["release"]["vit"], name="")
    with pytest.raises(CheckpointError, match=f"none of the official .* variable {VARIABLE}"):
        separate_vit.find_vit(vit, PREFIX, "model")


def test_vit__another_file_is_refused(
    root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = {name: value + 1 for name, value in torch.load(root / "vit.pth").items()}
    torch.save(other, "other.pth")
    monkeypatch.setenv(VARIABLE, "other.pth")
    with pytest.raises(CheckpointError, match=r"ARGUS_VIT: other\.pth is not the ViT of .*small"):
        Argus.from_pretrained(root / "small")
    monkeypatch.setenv(VARIABLE, "none.pth")
    with pytest.raises(CheckpointError, match=r"not found.*none\.pth"):
        Argus.from_pretrained(root / "small")


@pytest.fixture
def server(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    """In the place of the publisher's, whose file it is by its tensors."""
    with serve(FileServer((root / "vit.pth").read_bytes())) as running:
        monkeypatch.setattr(weights, "DOWNLOAD_ROOT", running.url)
        yield running


def test_vit__is_fetched_once(root: Path, cache: Path, server: FileServer) -> None:
    assert cache_folder() == cache.parent
    for _ in range(2):
        model = read_model(root / "small")
    assert len(server.ranges) == 1
    assert [path.name for path in cache.iterdir()] == ["dinov2_vits14_pretrain.pth"]
    assert torch.equal(model.state[f"{PREFIX}cls_token"], whole_model().state[f"{PREFIX}cls_token"])


def test_vit__of_another_hash_is_not_kept(root: Path, cache: Path, server: FileServer) -> None:
    other = {name: value + 1 for name, value in torch.load(root / "vit.pth").items()}
    torch.save(other, "other.pth")
    server.content = Path("other.pth").read_bytes()
    with pytest.raises(CheckpointError, match="holds tensors of SHA-256 .* stands on"):
        read_model(root / "small")
    assert not list(cache.iterdir())
    server.content = b"<html>log in</html>"
    with pytest.raises(CheckpointError, match="did not come: "):
        read_model(root / "small")
    assert not list(cache.glob("*.pth"))
    # One that is in its place and another is told, not replaced.
    Path("data/weights").mkdir(parents=True)
    Path("other.pth").rename("data/weights/dinov2_vits14_pretrain.pth")
    with pytest.raises(CheckpointError, match=r"data/weights/dinov2_vits14.* is another"):
        read_model(root / "small")


def test_vit__without_a_connection_is_one_sentence(
    root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "DOWNLOAD_ROOT", "http://127.0.0.1:9")
    with pytest.raises(CheckpointError, match=f"cannot be reached .*variable {VARIABLE}, or save"):
        read_model(root / "small")


@pytest.mark.parametrize(
    ("key", "value"), [("sha256", "../../secret"), ("sha256", ""), ("url", "http://evil.example")]
)
def test_manifest__chooses_no_place(root: Path, tmp_path: Path, key: str, value: str) -> None:
    for file in (root / "small").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    manifest = json.loads((tmp_path / MANIFEST).read_text())
    manifest["release"]["vit"][key] = value
    (tmp_path / MANIFEST).write_text(json.dumps(manifest))
    if key == "url":  # nobody reads it
        assert read_manifest(tmp_path)["release"]["vit"].get("url") in (None, value)
        return
    with pytest.raises(CheckpointError, match="SHA-256, 64 hexadecimal digits"):
        read_manifest(tmp_path)


def test_release__names_the_largest_parts_above_the_limit(
    tmp_path: Path, pictures: list[np.ndarray]
) -> None:
    model = whole_model()
    model.add_metrics({"depth/rmse": 1.0})
    with pytest.raises(CheckpointError, match=r"would have .* MB.*in MB: \w+ \d.*--max-mb"):
        release(model, tmp_path / "out", pictures, max_bytes=1000)
    assert not (tmp_path / "out").exists()


def test_release__needs_terms_and_a_number(tmp_path: Path, pictures: list[np.ndarray]) -> None:
    model = whole_model()
    with pytest.raises(ConfigError, match="none of the tasks has a measured value"):
        release(model, tmp_path / "out", pictures)
    model.manifest["tasks"]["depth"]["licence"] = ""
    with pytest.raises(ConfigError, match="terms of the data of depth"):
        release(model, tmp_path / "out", pictures)
    (tmp_path / "other.json").write_text("[1]")
    with pytest.raises(ConfigError, match="expected what tools/test.py writes"):
        tool.metrics_of([tmp_path / "other.json"])


def test_compare__knows_every_kind(tiny_model_folder: Path, pictures: list[np.ndarray]) -> None:
    model = Argus.from_pretrained(tiny_model_folder, dtype="fp32")
    differences = compare(model, model, pictures)
    assert differences.keys() == model.tasks.keys()
    assert all(value < 1e-6 for found in differences.values() for value in found.values())
