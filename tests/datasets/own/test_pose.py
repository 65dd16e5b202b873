"""Keypoints of own data in mmpose's form."""

import pytest

from argus.datasets.own.pose import OwnPose, flip_of
from argus.datasets.own.record import OwnData
from argus.errors import DataError
from tests.datasets.own.layouts import coco_content, picture, write_json

NAMES = ["left_ear", "tail", "right_ear"]


def write(root, number=3, values=(2, 3, 2, 4, 5, 1, 0, 0, 0)):
    names = [picture(root / f"{n}.png", seed=n) for n in range(number)]
    content = coco_content(names)
    content["categories"] = [dict(id=3, name="cat", keypoints=NAMES, skeleton=[[1, 2], [2, 3]])]
    content["annotations"] = [
        dict(id=n, image_id=n, category_id=3, bbox=[1, 2, 9, 8], keypoints=list(values))
        for n in range(number)
    ]
    write_json(root / "a.json", content)
    return root


def test_samples__and_what_mmpose_knows_of_the_points(tmp_path) -> None:
    found = OwnPose(data=str(write(tmp_path)), split="train")
    entry = found.get_data_info(0)
    assert entry["keypoints"].tolist() == [[[2, 3], [4, 5], [0, 0]]]
    assert entry["keypoints_visible"].tolist() == [[1, 1, 0]]
    assert entry["bbox"].tolist() == [[1, 2, 10, 10]]
    assert entry["raw_ann_info"]["area"] == 72
    assert found.metainfo["flip_indices"] == [2, 1, 0]
    assert found.metainfo["skeleton_links"] == [(0, 1), (1, 2)]
    assert OwnPose.classes_of(dict(data=str(tmp_path))) == tuple(NAMES)


def test_objects_without_points__are_dropped_or_none_is_left(tmp_path) -> None:
    write(tmp_path)
    with pytest.raises(DataError, match="good for"):
        OwnPose(data=str(write(tmp_path, values=[0] * 9)), split="train")


@pytest.mark.parametrize(
    ("names", "flip"),
    [
        (("left_eye", "right_eye", "nose"), [1, 0, 2]),
        (("Eye_L", "Eye_R"), [1, 0]),
        (("point 1", "point 2"), [0, 1]),
        (("left_eye", "left_ear"), [0, 1]),
    ],
)
def test_partners__by_name(tmp_path, names, flip) -> None:
    data = OwnData(format="coco", root=tmp_path, pictures=(), kinds=(), keypoints=names)
    assert flip_of(data) == flip
