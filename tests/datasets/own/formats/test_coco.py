"""COCO JSON as tools write it: what is read of each variant, and what is said of faults."""

import json

import numpy as np
import pytest
from pycocotools import mask

from argus.datasets.own import read_own, recognise
from argus.errors import DataError
from tests.datasets.own.layouts import (
    FORMATS,
    HEIGHT,
    WIDTH,
    coco,
    coco_content,
    picture,
    write_json,
)


def test_file__is_read_whole(tmp_path) -> None:
    """Ids from 0 and in any order, no area, no iscrowd: as labelling tools have it."""
    found = read_own(coco(tmp_path, 2))
    assert found.format == "coco" and found.classes == ("bolt", "nut")  # in the order of the ids
    assert [p.path for p in found.pictures] == ["images/0.png", "images/1.png"]
    first = found.pictures[0]
    assert first.size == (WIDTH, HEIGHT)
    assert [(one.name, one.box) for one in first.objects] == [
        ("nut", (2, 3, 10, 9)),
        ("bolt", (12, 3, 20, 9)),
    ]
    assert first.objects[0].polygons == ((2, 3, 10, 3, 10, 9, 2, 9),)
    assert found.kinds == ("instance", "detection", "semantic")


def test_run_lengths__are_the_mask(tmp_path) -> None:
    pixels = np.zeros((HEIGHT, WIDTH), np.uint8, order="F")
    pixels[4:9, 5:11] = 1
    coded = mask.encode(pixels)
    counts = np.diff(np.flatnonzero(np.diff(np.r_[-1, pixels.T.ravel().astype(int), -1]))).tolist()
    for form in (coded["counts"].decode(), counts):
        content = coco_content([picture(tmp_path / "1.png")])
        outline = dict(size=[HEIGHT, WIDTH], counts=form)
        content["annotations"] = [
            dict(id=1, image_id=0, category_id=3, bbox=[], segmentation=outline, iscrowd=1)
        ]
        write_json(tmp_path / "a.json", content)
        (one,) = read_own(tmp_path).pictures[0].objects
        assert (mask.decode(one.rle) == pixels).all() and one.is_crowd
        assert one.box == (5, 4, 11, 9)


def test_roboflow__a_file_in_each_part_and_a_root(tmp_path) -> None:
    categories = [
        dict(id=0, name="screws", supercategory="none"),
        dict(id=7, name="nut", supercategory="screws"),
        dict(id=3, name="bolt", supercategory="screws"),
    ]
    for part in ("train", "valid"):
        names = [picture(tmp_path / part / "x.png")]
        content = coco_content(names, categories=categories)
        write_json(tmp_path / part / "_annotations.coco.json", content)
    found = recognise(tmp_path)
    assert found.classes == ("bolt", "nut") and found.sure
    assert found.parts == dict(train=1, val=1, test=1)
    assert any("'screws'" in text or "screws is a root" in text for text in found.oddities)


def test_label_studio__paths_of_its_server(tmp_path) -> None:
    names = [f"../../label-studio/data/media/upload/1/{picture(tmp_path / 'images/a1.png')}"]
    write_json(tmp_path / "result.json", coco_content(names))
    assert read_own(tmp_path).pictures[0].path == "images/a1.png"


def test_boxes_that_cvat_turned__are_upright_around_their_corners(tmp_path) -> None:
    """It writes the box before it was turned, and the angle; outlines are turned already."""
    content = coco_content([picture(tmp_path / "1.png")])
    first, second = content["annotations"]
    first |= dict(bbox=[4, 6, 8, 4], segmentation=[], attributes=dict(rotation=30.0))
    second |= dict(attributes=dict(rotation=30.0, occluded=False))
    write_json(tmp_path / "a.json", content)
    one, other = read_own(tmp_path).pictures[0].objects
    # Around the middle (8, 8): half the width and height of a turned 8 x 4 box.
    half_w, half_h = 4 * 3**0.5 / 2 + 2 / 2, 4 / 2 + 2 * 3**0.5 / 2
    assert one.box == pytest.approx((8 - half_w, 8 - half_h, 8 + half_w, 8 + half_h))
    assert other.box == (12, 3, 20, 9)
    assert "1 box is turned: the upright box around each is taken" in read_own(tmp_path).notes


def test_sizes_that_are_null__and_a_mark_before_the_text(tmp_path) -> None:
    """As Label Studio writes pictures that it could not open, and Windows texts."""
    content = coco_content([picture(tmp_path / "1.png")])
    content["images"][0] |= dict(width=None, height=None)
    (tmp_path / "a.json").write_text(json.dumps(content), encoding="utf-8-sig")
    assert read_own(tmp_path).pictures[0].size is None


def test_file_apart_from_its_pictures__says_what_to_name(tmp_path) -> None:
    """As CVAT lays them out, and as one calls it at first."""
    coco(tmp_path)
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations.json").rename(tmp_path / "annotations/instances.json")
    with pytest.raises(DataError, match="Name the folder that has both the pictures and the file"):
        read_own(tmp_path / "annotations/instances.json")
    assert len(read_own(tmp_path).pictures) == 4


def test_skeletons__of_any_number_of_points(tmp_path) -> None:
    content = coco_content(
        [picture(tmp_path / "1.png")],
        categories=[
            dict(id=3, name="hand", keypoints=["left_tip", "root"], skeleton=[[1, 2]]),
            dict(id=7, name="nut"),
        ],
    )
    content["annotations"] = [
        dict(id=1, image_id=0, category_id=3, bbox=[1, 1, 9, 9], keypoints=[2, 3, 2, 4, 5, 1])
    ]
    write_json(tmp_path / "a.json", content)
    found = read_own(tmp_path)
    assert found.kinds[0] == "keypoints" and found.keypoints == ("left_tip", "root")
    assert found.skeleton == ((0, 1),)
    assert found.pictures[0].objects[0].keypoints == ((2, 3, 2), (4, 5, 1))
    content["annotations"][0] |= dict(keypoints=[0] * 6, num_keypoints=0)
    write_json(tmp_path / "b/a.json", content)
    picture(tmp_path / "b/1.png")
    assert read_own(tmp_path / "b").kinds == ("detection",)  # of none is any point labelled


def test_annotations_without_a_box__are_classes_of_the_picture(tmp_path) -> None:
    content = coco_content([picture(tmp_path / f"{n}.png") for n in range(2)])
    for entry in content["annotations"]:
        del entry["bbox"], entry["segmentation"]
    write_json(tmp_path / "a.json", content)
    found = read_own(tmp_path)
    assert found.kinds == ("tags",) and found.pictures[0].labels == ("nut", "bolt")


def test_missing_pictures__are_counted(tmp_path) -> None:
    write_json(tmp_path / "a.json", coco_content([picture(tmp_path / "1.png"), "gone.png"]))
    found = read_own(tmp_path)
    assert len(found.pictures) == 1 and "1 file that a.json name: not there" in found.notes[0]
    write_json(tmp_path / "a.json", coco_content(["../../etc/passwd", "gone.png"]))
    with pytest.raises(DataError, match="it names 2 pictures, none of which is below"):
        read_own(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(category_id="7"), r"category_id '7', which .* \(3, 7\)"),
        (dict(category_id=5), "category_id 5, which the file's categories do not define"),
        (dict(category_id=[1]), "do not define"),
        (dict(image_id=77), "names no picture of the file"),
        (dict(image_id={}), "names no picture of the file"),
        (dict(bbox=[1, 2, 3]), "four finite numbers"),
        (dict(bbox=[0, 0, float("nan"), 3]), "four finite numbers"),
        (dict(segmentation=dict(size=[16, 24], counts=[9])), "segmentation"),
        (dict(keypoints=[1, 2, 7]), "visibility 7"),
        (dict(keypoints="many"), "finite numbers"),
    ],
)
def test_faults__are_named(tmp_path, changes, message) -> None:
    content = coco_content([picture(tmp_path / "1.png")])
    content["annotations"][1] |= changes
    write_json(tmp_path / "a.json", content)
    with pytest.raises(DataError, match=message):
        read_own(tmp_path)


@pytest.mark.skipif(not FORMATS.is_dir(), reason="the label files of tools are not here")
def test_files_of_tools__are_read() -> None:
    """The variants of one small set: two pictures, three objects."""
    root = FORMATS / "datumaro/coco_dataset"
    for name in ("coco", "coco_instances", "coco_roboflow", "mmdet_coco"):
        found = read_own(root / name)
        boxes = {p.part: [(one.name, one.box) for one in p.objects] for p in found.pictures}
        assert boxes["train"] == [("b", (2, 2, 5, 3))]
        assert [name for name, _ in boxes["val"]] == ["a", "b"]
        assert found.classes == ("a", "b", "c")
    poses = read_own(root / "coco_person_keypoints", kind="keypoints")
    assert poses.pictures[0].objects[0].keypoints == ((0, 0, 0), (0, 2, 1), (4, 1, 2))
    assert read_own(root / "coco_panoptic").kinds == ("panoptic",)
    with pytest.raises(DataError, match="captions"):
        read_own(root / "coco_captions")


@pytest.mark.skipif(not FORMATS.is_dir(), reason="the label files of tools are not here")
def test_labelme_conversion__is_read() -> None:
    root = FORMATS / "labelme/instance_segmentation/data_dataset_coco"
    found = read_own(root)
    content = json.loads((root / "annotations.json").read_text())
    areas = sorted(entry["area"] for entry in content["annotations"])
    assert areas == sorted(one.area for p in found.pictures for one in p.objects)
    assert "_background_" not in found.classes and len(found.classes) == 20
