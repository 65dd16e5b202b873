"""Lists of pictures, as editors and clones leave them, for the data sets of all libraries."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mmdet.datasets import XMLDataset
from mmengine.fileio.backends.registry_utils import backends
from mmengine.logging import MMLogger
from PIL import Image

from argus.datasets.build import build_dataset
from argus.datasets.checks.walk import check_tasks
from argus.datasets.tidy_files.text_files import tidy_texts
from argus.errors import DataError
from tests.datasets.label_sets import SQUARE, folders, semantic, write_maps, write_pictures

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n"
XML = (
    "<annotation><size><width>10</width><height>8</height></size><object><name>cup</name>"
    "<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>5</xmax><ymax>5</ymax></bndbox></object>"
    "</annotation>"
)


def of_mmseg(root: Path) -> tuple[dict[str, Any], str]:
    write_maps(root, [SQUARE, SQUARE])
    return semantic(root, ann_file="list.txt"), "0\n1\n"


def of_mmpretrain(root: Path) -> tuple[dict[str, Any], str]:
    write_pictures(root, ["0.jpg", "1.jpg"])
    metainfo = dict(classes=("cup", "pen"))
    return folders(root, ann_file="list.txt", metainfo=metainfo), "0.jpg 0\n1.jpg 1\n"


def of_mmdet(root: Path) -> tuple[dict[str, Any], str]:
    write_pictures(root, ["JPEGImages/0.jpg", "JPEGImages/1.jpg"])
    (root / "Annotations").mkdir()
    for index in range(2):
        (root / f"Annotations/{index}.xml").write_text(XML)
    config = dict(
        type=XMLDataset,
        data_root=str(root),
        ann_file="list.txt",
        data_prefix=dict(sub_data_root=""),
        metainfo=dict(classes=("cup",)),
        pipeline=[],
    )
    return config, "0\n1\n"


SETS = pytest.mark.parametrize("write", [of_mmseg, of_mmpretrain, of_mmdet])
Write = Callable[[Path], tuple[dict[str, Any], str]]


def names(config: dict[str, Any]) -> list[str]:
    dataset = build_dataset(config, where="here")
    return [Path(dataset.get_data_info(i)["img_path"]).name for i in range(len(dataset))]


def check_errors(config: dict[str, Any]) -> list[str]:
    (findings,) = check_tasks(dict(toy=dict(train=dict(dataset=config, batch_size=1))))
    return findings.errors


@SETS
def test_list__byte_order_mark_is_no_part_of_a_name(tmp_path: Path, write: Write) -> None:
    config, text = write(tmp_path)
    (tmp_path / "list.txt").write_text("\ufeff" + text, encoding="utf-8")
    assert names(config) == ["0.jpg", "1.jpg"]
    assert check_errors(config) == []


@SETS
def test_list__blank_lines_are_no_pictures(tmp_path: Path, write: Write) -> None:
    config, text = write(tmp_path)
    (tmp_path / "list.txt").write_text("\n" + text.replace("\n", "\n \n") + "\n")
    assert names(config) == ["0.jpg", "1.jpg"]


@pytest.mark.parametrize("kind", sorted(backends))
def test_list__of_any_storage_is_read_alike(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = backends[kind]
    text = "\ufeffa\n\nb\n"
    monkeypatch.setattr(backend, "get_text", lambda self, path, encoding="utf-8": text)
    with tidy_texts():
        assert backend.get_text(None, "s3://bucket/list.txt") == "a\nb\n"
        assert backend.get_text(None, "s3://bucket/notes.md") == "a\n\nb\n"
    assert backend.get_text(None, "list.txt").startswith("\ufeff")


@SETS
def test_list__that_is_none_is_named(tmp_path: Path, write: Write) -> None:
    config, text = write(tmp_path)
    (tmp_path / "list.txt").write_text(POINTER)
    with pytest.raises(DataError, match=r"list\.txt: a pointer of Git LFS.*git lfs pull"):
        build_dataset(config, where="here")
    (error,) = check_errors(config)
    assert "list.txt: a pointer of Git LFS" in error
    (tmp_path / "list.txt").write_text(text, encoding="utf-16")
    with pytest.raises(DataError, match=r"list\.txt: not a text file in UTF-8 \(save it as such"):
        build_dataset(config, where="here")


def test_annotation__that_is_a_pointer_is_named(tmp_path: Path) -> None:
    config, text = of_mmdet(tmp_path)
    (tmp_path / "list.txt").write_text(text)
    (tmp_path / "Annotations/1.xml").write_text(POINTER)
    with pytest.raises(DataError, match=r"Annotations/1\.xml: a pointer of Git LFS"):
        build_dataset(config, where="here")


@pytest.mark.parametrize("write", [of_mmseg, of_mmdet])
@pytest.mark.parametrize("suffix", [".JPG", ".jpeg", ".Jpg"])
def test_list__picture_may_have_another_suffix_of_its_format(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Write, suffix: str
) -> None:
    """As in a folder without list."""
    config, text = write(tmp_path)
    (tmp_path / "list.txt").write_text(text)
    (picture,) = tmp_path.glob("*/1.jpg")
    picture.rename(picture.with_suffix(suffix))
    warnings: list[str] = []
    monkeypatch.setattr(MMLogger, "warning", lambda self, text: warnings.append(text))
    assert names(config) == ["0.jpg", f"1{suffix}"]
    assert check_errors(config) == [] and warnings == []
    # Which of two is meant is open, and so is a name that is not there.
    Image.new("RGB", (10, 8)).save(picture.with_suffix(".jfif"), "JPEG")
    assert names(config) == ["0.jpg", "1.jpg"]
