"""What cannot be learned is refused before the first step, and in the check of the data alike."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mmdet.datasets import CocoPanopticDataset, XMLDataset
from mmdet.datasets.transforms import LoadAnnotations
from mmengine.dataset import ConcatDataset
from mmengine.logging import MMLogger
from mmpretrain.datasets import MultiLabelDataset
from PIL import Image

from argus.datasets.census.maps import count_maps
from argus.datasets.checks.label_loaders import loaders_to_judge
from argus.datasets.checks.walk import check_tasks
from argus.datasets.coco import CocoInstances, CocoKeypoints
from argus.datasets.mvtec_ad import MVTecAD
from argus.datasets.pascal_context import PascalContext
from argus.datasets.transforms import LoadImage, LoadSaliency, LoadSegMap
from argus.engine.checks.learnable import check_labels
from argus.engine.loading.loaders import guarded_dataset
from argus.errors import DataError
from argus.tasks import TrainData
from argus.tasks.ignored_label import ignored_label
from tests.datasets import toy_coco
from tests.datasets.label_sets import SQUARE, folders, semantic, write_maps, write_pictures
from tests.datasets.list_files import write_set
from tests.datasets.toy_coco import annotation

OTHERS = dict(metainfo=dict(classes=("person", "car")))


def messages_of(
    config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    *,
    decoder: dict[str, Any] | None = None,
    is_ordered: bool = True,
) -> tuple[str, list[str]]:
    """The error before the first step of a training, and the warnings; those of the check.

    Args:
        config: Of the data set.
        monkeypatch: Takes the warnings.
        decoder: Config of the task's.
        is_ordered: Whether both name the same file first: a training has another order.
    """
    warnings: list[str] = []
    monkeypatch.setattr(MMLogger, "warning", lambda self, text: warnings.append(text))
    dataset = guarded_dataset(config, task="toy", part="train", seed=0, strict=False)
    data = TrainData(dataset=config, batch_size=1, num_workers=0)
    error = ""
    try:
        check_labels(dataset, data, where="here", ignore=ignored_label(decoder))
    except DataError as found:
        error = str(found).removeprefix("here: ")
    task = dict(train=dict(dataset=config, batch_size=1), decoder=decoder or {})
    (findings,) = check_tasks(dict(toy=task))
    assert findings.errors == ([error] if error else []) or not is_ordered
    told = [text.removeprefix("here: ") for text in warnings if text.startswith("here: ")]
    assert findings.warnings == told
    return error, findings.warnings


def crowds(root: Path) -> dict[str, Any]:
    entries = [annotation(i, i, iscrowd=1, segmentation=toy_coco.CROWD_RLE) for i in (1, 2)]
    return toy_coco.config(toy_coco.write(root, entries), CocoInstances, **OTHERS)


def without_corners(root: Path) -> dict[str, Any]:
    entries = [annotation(i, i, segmentation=[[1, 2, 3, 4]]) for i in (1, 2)]
    pipeline = [dict(type=LoadAnnotations, with_mask=True)]
    return toy_coco.config(
        toy_coco.write(root, entries), CocoInstances, pipeline=pipeline, **OTHERS
    )


def without_area(root: Path) -> dict[str, Any]:
    entries = [annotation(i, i, box=(5, 5, 0, 4)) for i in (1, 2)]
    return toy_coco.config(toy_coco.write(root, entries), CocoInstances, **OTHERS)


def empty(root: Path) -> dict[str, Any]:
    return toy_coco.config(toy_coco.write(root, []), CocoInstances, **OTHERS)


def of_0_and_255(root: Path) -> dict[str, Any]:
    return semantic(write_maps(root, [SQUARE * 255] * 2))


def reduced(root: Path) -> dict[str, Any]:
    return semantic(write_maps(root, [SQUARE] * 2), reduce_zero_label=True)


def void(root: Path) -> dict[str, Any]:
    return semantic(write_maps(root, [np.full_like(SQUARE, 255)] * 2))


def one_class(root: Path) -> dict[str, Any]:
    return semantic(write_maps(root, [SQUARE * 255] * 2), classes=("cup",))


def one_folder(root: Path) -> dict[str, Any]:
    return folders(write_pictures(root, ["cup/1.png", "cup/2.png"]))


def all_salient(root: Path) -> dict[str, Any]:
    return without_saliency(root, value=255)


def without_saliency(root: Path, value: int = 0) -> dict[str, Any]:
    maps = {name: np.full((8, 10), value, np.uint8) for name in "ab"}
    write_set(
        root, "ab", dict(saliency=maps), ann_file="ImageSets/train.txt", image_folder="JPEGImages"
    )
    pipeline = [dict(type=LoadImage), dict(type=LoadSaliency, positive=255)]
    return dict(type=PascalContext, data_root=str(root), labels=("saliency",), pipeline=pipeline)


def without_labels(root: Path) -> dict[str, Any]:
    write_pictures(root, ["1.png", "2.png"])
    entries = [dict(img_path=f"{number}.png", gt_label=[]) for number in (1, 2)]
    content = dict(metainfo=dict(classes=["cup", "pen"]), data_list=entries)
    (root / "labels.json").write_text(json.dumps(content))
    return dict(type=MultiLabelDataset, data_root=str(root), ann_file="labels.json", pipeline=[])


def xml(root: Path, *names: str) -> dict[str, Any]:
    """A picture with an object of each name; the classes are cup and pen."""
    write_pictures(root, ["JPEGImages/1.jpg"])
    box = "<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>7</xmax><ymax>6</ymax></bndbox>"
    size = "<size><width>10</width><height>8</height></size>"
    objects = "".join(f"<object><name>{name}</name>{box}</object>" for name in names)
    (root / "Annotations").mkdir()
    (root / "Annotations/1.xml").write_text(f"<annotation>{size}{objects}</annotation>")
    (root / "train.txt").write_text("1\n")
    config = dict(type=XMLDataset, data_root=str(root), ann_file="train.txt", pipeline=[])
    return config | dict(data_prefix=dict(sub_data_root=""), metainfo=dict(classes=("cup", "pen")))


def xml_in_capitals(root: Path) -> dict[str, Any]:
    return xml(root, "Cup", "lid")


def xml_of_others(root: Path) -> dict[str, Any]:
    return xml(root, "lid", "box")


@pytest.mark.parametrize(
    ("write", "expected"),
    [
        (without_labels, "none of its 2 samples has a class"),
        (
            xml_in_capitals,
            "its only sample has no object. The XML files have objects named 'Cup', which "
            "are no classes: a name has to be written as in metainfo=dict(classes=...)",
        ),
        (
            xml_of_others,
            "its only sample has no object. The XML files have objects named 'box', 'lid', "
            "which are no classes: a name has to be written as in metainfo=dict(classes=...)",
        ),
        (crowds, "all 2 objects are ignored: 2 crowd regions (ignored)"),
        (without_corners, "all 2 objects are ignored: 2 masks without a valid polygon (ignored)"),
        (without_area, "all 2 objects are ignored: 2 zero-area boxes (dropped)"),
        (empty, "none of its 4 samples has an object"),
        (
            of_0_and_255,
            "all 128 pixels are of one class, 'background'. 255 is in 20.0% of the pixels, and is "
            "ignored: if it is a class, save it as its number, or say which colour is which class "
            "with LoadSegMap(colours=...)",
        ),
        (
            reduced,
            "all 32 pixels are of one class, 'background'. reduce_zero_label=True takes 0 in the "
            "files for void and 1 for the first class: set it to False if the files count from 0",
        ),
        (
            void,
            "all 160 pixels are ignored: 160 pixels without a label. 255 is in 100.0% of the "
            "pixels, and is ignored: if it is a class, save it as its number, or say which colour "
            "is which class with LoadSegMap(colours=...)",
        ),
        (
            one_class,
            "all 128 pixels are of one class, 'cup', and there is no other to tell it from. What "
            "it is not needs a class, too: metainfo=dict(classes=('background', 'cup'))",
        ),
        (
            one_folder,
            "all 2 images are of one class, 'cup', and there is no other to tell it from. What it "
            "is not needs a class, too",
        ),
        (without_saliency, "none of its 2 samples has a saliency map with a positive pixel"),
        (all_salient, "none of its 2 samples has a saliency map with a negative pixel"),
    ],
)
def test_nothing_to_learn__is_an_error(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    write: Callable[[Path], dict[str, Any]],
    expected: str,
) -> None:
    error, warnings = messages_of(write(tmp_path), monkeypatch)
    assert error == f"nothing to learn: {expected}"
    assert warnings == []


def test_panoptic_crowd__is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    error, _ = messages_of(panoptic(tmp_path, category=3, crowd=True), monkeypatch)
    assert error == "nothing to learn: the only segment is ignored: 1 crowd region (ignored)"


def test_nothing_left__names_objects_that_are_no_classes(tmp_path: Path) -> None:
    config = xml(tmp_path, "Cup", "lid") | dict(filter_cfg=dict(filter_empty_gt=True))
    words = r"no samples found: .* The XML files have objects named 'Cup', which are no classes"
    with pytest.raises(DataError, match=words):
        guarded_dataset(config, task="toy", part="train", seed=0, strict=False)
    (tmp_path / "train.txt").write_text("")
    with pytest.raises(DataError, match=r"no samples found: .* `argus convert NAME` makes .*\.$"):
        guarded_dataset(config, task="toy", part="train", seed=0, strict=False)


def test_nothing_left__names_the_reasons(tmp_path: Path) -> None:
    people = [
        annotation(1, 1, keypoints=toy_coco.keypoints(labelled=0), num_keypoints=0),
        annotation(2, 2, keypoints=toy_coco.keypoints(), num_keypoints=6, iscrowd=1),
    ]
    people[1]["segmentation"] = toy_coco.CROWD_RLE
    config = toy_coco.config(toy_coco.write(tmp_path, people), CocoKeypoints)
    words = (
        r"nothing to learn: all people are ignored: 1 instance without keypoints \(dropped\), "
        r"1 crowd region \(ignored\)\. Only keypoints of visibility 1 or 2"
    )
    with pytest.raises(DataError, match=words):
        guarded_dataset(config, task="toy", part="train", seed=0, strict=False)
    config = empty(tmp_path) | dict(filter_cfg=dict(filter_empty_gt=True))
    with pytest.raises(DataError, match=r"none of its 4 images has an annotation of .*filter_cfg"):
        guarded_dataset(config, task="toy", part="train", seed=0, strict=False)


def keypoints(root: Path) -> dict[str, Any]:
    people = [annotation(i, i, keypoints=toy_coco.keypoints(labelled=15)) for i in (1, 2)]
    return toy_coco.config(toy_coco.write(root, people), CocoKeypoints)


def pictures_of_people(root: Path) -> dict[str, Any]:
    """All people of a picture together, as models of whole pictures take them; some have none."""
    return keypoints(root) | dict(data_mode="bottomup")


def one_class_of_two(root: Path) -> dict[str, Any]:
    return toy_coco.config(toy_coco.write(root, [annotation(1, 1)]), CocoInstances, **OTHERS)


def three_classes(root: Path) -> dict[str, Any]:
    maps = write_maps(root, [SQUARE] * 2)
    return semantic(maps, classes=("background", "cup", "pen"))


def folder_without_picture(root: Path) -> dict[str, Any]:
    write_pictures(root, ["cup/1.png", "pen/2.png"])
    (root / "ink").mkdir()
    return folders(root)


def mostly_crowd(root: Path) -> dict[str, Any]:
    entries = [annotation(i, i, iscrowd=1, segmentation=toy_coco.CROWD_RLE) for i in (1, 2, 3)]
    entries += [annotation(5, 4), annotation(6, 4, category=3)]
    return toy_coco.config(toy_coco.write(root, entries), CocoInstances, **OTHERS)


def panoptic(root: Path, *, category: int = 8, crowd: bool = False) -> dict[str, Any]:
    """A picture with one segment, in mmdet's own data set; sky is stuff and has the id 8."""
    write_pictures(root, ["images/1.jpg"])
    (root / "labels").mkdir()
    Image.new("RGB", (10, 8), (5, 0, 0)).save(root / "labels/1.png")
    segment = dict(id=5, category_id=category, iscrowd=int(crowd), bbox=[0, 0, 10, 8], area=80)
    content = dict(
        images=[dict(id=1, file_name="1.jpg", width=10, height=8)],
        categories=[dict(id=8, name="sky", isthing=0), dict(id=3, name="cup", isthing=1)],
        annotations=[dict(image_id=1, file_name="1.png", segments_info=[segment])],
    )
    (root / "panoptic.json").write_text(json.dumps(content))
    names = dict(classes=("cup", "sky"), thing_classes=("cup",), stuff_classes=("sky",))
    return dict(
        type=CocoPanopticDataset,
        data_root=str(root),
        ann_file="panoptic.json",
        data_prefix=dict(img="images/", seg="labels/"),
        metainfo=names,
        pipeline=[dict(type=LoadAnnotations, with_bbox=True)],
    )


def xml_and_others(root: Path) -> dict[str, Any]:
    return xml(root, "cup", "Pen", "lid")


def xml_by_choice(root: Path) -> dict[str, Any]:
    return xml(root, "cup", "lid")


def joined(root: Path) -> dict[str, Any]:
    parts = [one_class_of_two(root / "a"), one_class_of_two(root / "b")]
    return dict(type=ConcatDataset, datasets=parts)


@pytest.mark.parametrize(
    ("write", "expected"),
    [
        (keypoints, "2 of 17 keypoints have no labelled point: left_ankle, right_ankle"),
        (pictures_of_people, "2 of 17 keypoints have no labelled point: left_ankle, right_ankle"),
        (one_class_of_two, "1 of 2 classes have no object: car"),
        (joined, "1 of 2 classes have no object: car"),
        (panoptic, "1 of 2 classes have no segment: cup"),
        (
            xml_and_others,
            "1 of 2 classes have no object: pen. The XML files have objects named 'Pen', which are "
            "no classes: a name has to be written as in metainfo=dict(classes=...)",
        ),
        (xml_by_choice, "1 of 2 classes have no object: pen"),
        (three_classes, "1 of 3 classes have no pixel: pen"),
        (folder_without_picture, "1 of 3 classes have no image: ink"),
        (mostly_crowd, "3 of 5 objects are ignored: 3 crowd regions (ignored)"),
    ],
)
def test_class_without_sample__is_a_warning(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    write: Callable[[Path], dict[str, Any]],
    expected: str,
) -> None:
    assert messages_of(write(tmp_path), monkeypatch) == ("", [expected])


def test_negative_weights__are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = keypoints(tmp_path)
    original = CocoKeypoints.get_data_info

    def with_negative(self: CocoKeypoints, index: int) -> dict[str, Any]:
        info = original(self, index)
        info["keypoints_visible"] = info["keypoints_visible"] - 1
        return info

    monkeypatch.setattr(CocoKeypoints, "get_data_info", with_negative)
    error, _ = messages_of(config, monkeypatch)
    assert error == "keypoint weight below 0: the loss would fall without end (4 times)"


def test_label_maps__no_more_are_read_than_it_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    void = np.where(np.arange(10) == 9, 255, SQUARE).astype(np.uint8)  # no cause of what is rare
    config = semantic(write_maps(tmp_path, [void] * 40), classes=("background", "cup"))
    read = []
    monkeypatch.setattr("argus.engine.checks.learnable._LEAST_MAPS", 8)
    original = LoadSegMap.load
    monkeypatch.setattr(LoadSegMap, "load", lambda s, i: read.append(i) or original(s, i))
    dataset = guarded_dataset(config, task="toy", part="train", seed=0, strict=False)
    data = TrainData(dataset=config, batch_size=1, num_workers=0)
    check_labels(dataset, data, where="here")
    assert len(read) == 8
    # Where a class is missing, as many as may be; the warning says how many that were.
    read.clear()
    monkeypatch.setattr("argus.engine.checks.learnable._MOST_MAPS", 16)
    config = semantic(tmp_path, classes=("background", "cup", "pen"))
    warnings: list[str] = []
    monkeypatch.setattr(MMLogger, "warning", lambda self, text: warnings.append(text))
    dataset = guarded_dataset(config, task="toy", part="train", seed=0, strict=False)
    check_labels(dataset, TrainData(dataset=config, batch_size=1, num_workers=0), where="here")
    assert len(read) == 16
    assert warnings == [
        "here: 1 of 3 classes have no pixel in the 16 of 40 samples that were counted: pen"
    ]
    # One class alone: all of them, for there may be a second in the last.
    read.clear()
    for index in range(40):
        Image.fromarray(SQUARE * 0).save(tmp_path / f"labels/{index}.png")
    with pytest.raises(DataError, match=r"all 3,200 pixels are of one class, 'background'"):
        check_labels(dataset, data, where="here")
    assert len(read) == 40


def test_flawless_pictures__are_no_classes_to_tell_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pictures(tmp_path, ["screw/train/good/000.png", "screw/train/good/001.png"])
    config = dict(
        type=MVTecAD,
        data_root=str(tmp_path),
        data_prefix=dict(img_path=""),
        categories=("screw",),
        split="train",
        pipeline=[],
    )
    assert messages_of(config, monkeypatch) == ("", [])


def test_entries__of_another_form_do_not_end_a_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = one_class_of_two(tmp_path)
    odd = dict(instances=[dict(label=1)])
    monkeypatch.setattr(CocoInstances, "get_data_info", lambda self, index: dict(odd))
    warnings: list[str] = []
    monkeypatch.setattr(MMLogger, "warning", lambda self, text: warnings.append(text))
    dataset = guarded_dataset(config, task="toy", part="train", seed=0, strict=False)
    check_labels(dataset, TrainData(dataset=config, batch_size=1, num_workers=0), where="here")
    text = "here: the labels in its entries were not counted (KeyError: 'bbox_label')"
    assert warnings == [text]


@pytest.mark.parametrize(
    "load",
    [
        dict(type="mmseg.LoadAnnotations"),
        dict(type="mmdet.LoadAnnotations", with_bbox=False, with_label=False, with_seg=True),
        dict(type="mmcv.LoadAnnotations", with_bbox=False, with_label=False, with_seg=True),
    ],
    ids=lambda load: load["type"],
)
def test_stock_loaders__are_judged_as_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, load: dict[str, Any]
) -> None:
    config = semantic(write_maps(tmp_path, [SQUARE * 255] * 2))
    expected = messages_of(config, monkeypatch)
    assert "nothing to learn" in expected[0] and "255 is in 20.0% of the pixels" in expected[0]
    config["pipeline"][1] = load
    assert messages_of(config, monkeypatch) == expected


def test_maps_that_no_step_reads__are_not_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = semantic(write_maps(tmp_path, [SQUARE * 255] * 2))
    unused = dict(type="mmdet.LoadAnnotations", with_bbox=False, with_label=False)
    config["pipeline"][1] = unused
    assert messages_of(config, monkeypatch) == ("", [])
    segments = dict(type="mmdet.LoadPanopticAnnotations", with_bbox=False, with_seg=True)
    assert loaders_to_judge(dict(pipeline=[segments]), config["metainfo"]) == []
    panoptic = dict(seg_map_path=str(tmp_path / "labels/0.png"), segments_info=[])
    assert count_maps(LoadSegMap(2), panoptic).num_maps == 0
