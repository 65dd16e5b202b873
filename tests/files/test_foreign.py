"""Files that stand in the place of others are called by what they are."""

from pathlib import Path
from typing import Any

import pytest

from argus.datasets.checks.coco_entries import read_annotations
from argus.datasets.lists import read_list
from argus.datasets.transforms.label_images import decode_label_map
from argus.datasets.transforms.loading import decode_image
from argus.errors import CheckpointError, DataError
from argus.files.foreign import raise_if_foreign
from argus.inference.images import list_files
from argus.models.backbones.weights import read_weight_file
from argus.safe_load import read_tensors
from argus.storage.checkpoint import read_checkpoint
from argus.storage.model_folder import _read_tensors

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n"
FILES = {
    "Git LFS.*git lfs pull": POINTER,
    "git-annex.*git annex get": b"/annex/objects/SHA256E-s31390--f50d.jpg\n",
    r"AppleDouble.*delete it": b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        ",
    "HEIC picture": b"\x00\x00\x00\x24ftypheic\x00\x00\x00\x00mif1heic",
    "web page.*download it again": b"\n <!DOCTYPE HTML><html><body>404</body></html>",
    "a PDF": b"%PDF-1.7\n",
}


@pytest.mark.parametrize("message", FILES)
@pytest.mark.parametrize("decode", [decode_image, decode_label_map])
def test_picture__is_another_file(decode: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        decode(FILES[message])  # type: ignore[operator]


@pytest.mark.parametrize("read", [read_annotations, read_list])
def test_annotations__are_a_pointer(tmp_path: Path, read: object) -> None:
    (tmp_path / "a").write_bytes(POINTER)
    with pytest.raises(DataError, match=f"{tmp_path}/a: a pointer of Git LFS"):
        read(str(tmp_path / "a"))  # type: ignore[operator]


@pytest.mark.parametrize("name", ["a.pth", "a.safetensors"])
@pytest.mark.parametrize("read", [read_checkpoint, read_tensors, read_weight_file, _read_tensors])
def test_weights__are_a_pointer(tmp_path: Path, read: Any, name: str) -> None:
    (tmp_path / name).write_bytes(POINTER)
    with pytest.raises(CheckpointError, match=f"{tmp_path}/{name}: a pointer of Git LFS.*pull"):
        read(tmp_path / name)


@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n", b"{}", b"a.jpg\n"])
def test_others__pass(content: bytes) -> None:
    raise_if_foreign(content)


def test_list__byte_order_mark_is_no_part_of_a_name(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("\ufeff2007_000032\r\n2007_000033\r\n", encoding="utf-8")
    assert read_list(str(tmp_path / "train.txt")) == ["2007_000032", "2007_000033"]


def test_folder__without_what_macos_keeps(tmp_path: Path) -> None:
    for name in ("a.jpg", "._a.jpg", "Thumbs.db", "b.JPEG"):
        (tmp_path / name).touch()
    (tmp_path / ".ipynb_checkpoints").mkdir()
    (tmp_path / ".ipynb_checkpoints" / "a-checkpoint.jpg").touch()
    for source in (tmp_path, f"{tmp_path}/**/*"):
        assert [path.name for path in list_files(source)] == ["a.jpg", "b.JPEG"]
