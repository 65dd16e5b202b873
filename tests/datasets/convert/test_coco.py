from pathlib import Path

import pytest

from argus.datasets.convert.coco import COCO
from argus.datasets.convert.conversion import Options, run
from tests.datasets.convert.archive_files import read_tree, write_tree, zip_bytes
from tests.datasets.convert.published_numbers import publish
from tests.real_data.samples import SAMPLES, needs_samples

TRAIN = {f"train2017/{index:012d}.jpg": bytes([index]) for index in range(3)}
VAL = {"val2017/000000000139.jpg": b"v"}
JSON = {
    f"annotations/{kind}_{split}2017.json": f"{kind} {split}".encode()
    for kind in ("instances", "person_keypoints", "captions")
    for split in ("train", "val")
}
PANOPTIC_JSON = {f"annotations/panoptic_{split}2017.json": b"p" for split in ("train", "val")}
PANOPTIC = {"panoptic_train2017/000000000001.png": b"1", "panoptic_val2017/000000000139.png": b"2"}

NUMBERS = {
    "train images": 3,
    "val images": 1,
    "annotation files": 6,
    "train panoptic labels": 3,
    "val panoptic labels": 1,
    "panoptic annotation files": 2,
    "person detection files": 1,
}


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    """The four archives as published: the panoptic one has archives inside."""
    inner = {
        f"annotations/{folder}.zip": zip_bytes(
            {name: content for name, content in PANOPTIC.items() if name.startswith(folder)}
        )
        for folder in ("panoptic_train2017", "panoptic_val2017")
    }
    archives = {
        "train2017.zip": TRAIN,
        "val2017.zip": VAL,
        "annotations_trainval2017.zip": JSON,
        "panoptic_annotations_trainval2017.zip": PANOPTIC_JSON | inner,
    }
    contents = {name: zip_bytes(content) for name, content in archives.items()}
    return write_tree(tmp_path / "downloads", contents)


def test_coco__archives(downloads: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(monkeypatch, "coco", NUMBERS)
    counts = run(COCO, downloads, tmp_path / "out", Options())
    expected = TRAIN | VAL | JSON | PANOPTIC_JSON | PANOPTIC
    assert read_tree(tmp_path / "out") == expected
    partial = [count.name for count in counts if not count.is_whole]
    assert partial == ["train panoptic labels"]


def test_coco__without_panoptic_is_whole(
    downloads: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(monkeypatch, "coco", NUMBERS)
    (downloads / "panoptic_annotations_trainval2017.zip").unlink()
    counts = run(COCO, downloads, tmp_path / "out", Options())
    assert all(count.is_whole for count in counts)


def test_coco__unpacked_anywhere(downloads: Path, tmp_path: Path) -> None:
    run(COCO, downloads, tmp_path / "archives", Options())
    deep = write_tree(tmp_path / "unpacked/some/folder", TRAIN | VAL | JSON | PANOPTIC)
    write_tree(deep, {"test2017/000000000001.jpg": b"not needed"})
    run(COCO, tmp_path / "unpacked", tmp_path / "out", Options())
    found = read_tree(tmp_path / "out")
    assert found == {
        name: content
        for name, content in read_tree(tmp_path / "archives").items()
        if name not in PANOPTIC_JSON
    }


@needs_samples
def test_coco__real_samples(tmp_path: Path) -> None:
    counts = run(COCO, SAMPLES / "coco", tmp_path / "out", Options())
    found = {count.name: count.found for count in counts}
    assert (found["train images"], found["val images"], found["annotation files"]) == (31, 31, 6)
    assert read_tree(tmp_path / "out") == read_tree(SAMPLES / "coco")
    counts = run(COCO, SAMPLES / "coco_panoptic", tmp_path / "panoptic", Options())
    assert {count.name: count.found for count in counts}["val panoptic labels"] == 2
