import json
from pathlib import Path
from typing import Any

import pytest

from argus.datasets.coco import CocoInstances
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
    # Some were packed on a Mac, and all say their folders.
    archives["panoptic_annotations_trainval2017.zip"]["__MACOSX/annotations/._x.json"] = b"mac"
    contents = {}
    for name, content in archives.items():
        folders = {f"{path.split('/')[0]}/": b"" for path in content}
        contents[name] = zip_bytes(folders | content)
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


def published_entries() -> dict[str, Any]:
    """What ``instances_train2017.json`` has: an object without height, a crowd, and none at all."""
    sizes = {200365: (480, 640), 550395: (428, 640), 250: (478, 640), 9: (480, 640)}
    images = [
        dict(license=3, file_name=f"{i:012d}.jpg", coco_url="http://images.cocodataset.org/x.jpg",
             height=height, width=width, date_captured="2013-11-14 17:02:52", id=i)
        for i, (height, width) in sizes.items()
    ]  # fmt: skip
    square = [[10.0, 10.0, 50.5, 10.0, 50.5, 40.25, 10.0, 40.25]]
    annotations = [
        dict(segmentation=[[296.65, 388.33, 296.65, 388.33, 297.68, 388.33, 297.68, 388.33]],
             area=0.0, iscrowd=0, image_id=200365, bbox=[296.65, 388.33, 1.03, 0.0],
             category_id=58, id=918),
        dict(segmentation=square, area=1225.1, iscrowd=0, image_id=200365,
             bbox=[10.0, 10.0, 40.5, 30.25], category_id=58, id=919),
        dict(segmentation=[[9.98, 188.56, 25.5, 188.56, 25.5, 188.56]], area=0.0, iscrowd=0,
             image_id=550395, bbox=[9.98, 188.56, 15.52, 0.0], category_id=1, id=2206849),
        dict(segmentation=dict(counts=[0, 10, 307190], size=[480, 640]), area=10, iscrowd=1,
             image_id=9, bbox=[0, 0, 1, 10], category_id=1, id=900100000009),
        dict(segmentation=square, area=1225.1, iscrowd=0, image_id=9,
             bbox=[10.0, 10.0, 40.5, 30.25], category_id=1, id=1),
    ]  # fmt: skip
    categories = [
        dict(supercategory="person", id=1, name="person"),
        dict(supercategory="food", id=58, name="hot dog"),
    ]
    return dict(info={}, licenses=[], images=images, annotations=annotations, categories=categories)


def test_coco__odd_entries_are_read(tmp_path: Path) -> None:
    content = json.dumps(published_entries()).encode()
    archive = zip_bytes({"annotations/instances_train2017.json": content})
    source = write_tree(tmp_path / "s", {"annotations_trainval2017.zip": archive})
    run(COCO, source, tmp_path / "out", Options())
    dataset = CocoInstances(
        data_root=str(tmp_path / "out"),
        ann_file="annotations/instances_train2017.json",
        data_prefix=dict(img="train2017"),
        metainfo=dict(classes=("person", "hot dog")),
        filter_cfg=dict(filter_empty_gt=True),
    )
    found = {info["img_id"]: info["instances"] for info in map(dataset.get_data_info, range(3))}
    # 250 has no object and is left out; objects without height are dropped.
    assert len(dataset) == 3 and found.keys() == {200365, 550395, 9}
    assert found[550395] == []
    assert [item["bbox_label"] for item in found[200365]] == [1]
    assert sorted(item["ignore_flag"] for item in found[9]) == [0, 1]
    counts = COCO.read(tmp_path / "out")
    assert counts["instances_train2017.json boxes without area"] == 2
    assert counts["instances_train2017.json images without objects"] == 1
    assert counts["instances_train2017.json crowds"] == 1


@needs_samples
def test_coco__real_samples(tmp_path: Path) -> None:
    counts = run(COCO, SAMPLES / "coco", tmp_path / "out", Options())
    found = {count.name: count.found for count in counts}
    assert (found["train images"], found["val images"], found["annotation files"]) == (31, 31, 6)
    assert read_tree(tmp_path / "out") == read_tree(SAMPLES / "coco")
    counts = run(COCO, SAMPLES / "coco_panoptic", tmp_path / "panoptic", Options())
    assert {count.name: count.found for count in counts}["val panoptic labels"] == 2
