import copy

import pytest

from argus.datasets.checks.findings import Findings
from argus.datasets.checks.panoptic_file import check_panoptic, check_panoptic_file, is_panoptic
from argus.errors import DataError

GOOD = dict(
    images=[dict(id=i, file_name=f"{i}.jpg", width=4, height=3) for i in (1, 2, 3)],
    categories=[dict(id=7, name="wall", isthing=0), dict(id=9, name="cup", isthing=1)],
    annotations=[
        dict(
            image_id=1,
            file_name="1.png",
            segments_info=[
                dict(id=5, category_id=7, area=6),
                dict(id=6, category_id=9, area=6, iscrowd=1),
            ],
        ),
        dict(image_id=2, file_name="2.png", segments_info=[]),
    ],
)


def check(content):
    findings = Findings(where="x")
    check_panoptic(content, findings)
    return findings


def test_panoptic__is_told_from_instances():
    assert is_panoptic(GOOD)
    for other in ([], {}, dict(annotations=[]), dict(annotations=[dict(bbox=[0, 0, 1, 1])])):
        assert not is_panoptic(other)


def test_panoptic__good_file():
    findings = check(GOOD)
    assert findings.errors == []
    assert findings.counts == {
        "images in the annotation file": 3,
        "segments": 2,
        "images without segments": 1,
        "crowd segments (ignored)": 1,
        "images without annotation": 1,
    }
    assert findings.classes == dict(wall=1, cup=1)


def test_panoptic__mistakes():
    content = copy.deepcopy(GOOD)
    content["annotations"] += [dict(image_id=2, segments_info=[]), dict(image_id=8)]
    content["annotations"][0]["segments_info"] += [dict(id=5, category_id=8, area=1)]
    errors = "\n".join(check(content).errors)
    for message in (
        "image 2 is annotated more than once",
        "image_id 8, which is not in 'images'",
        "image 1: a segment id occurs twice",
        "image 1, segment 5: label out of range: category_id 8",
    ):
        assert message in errors


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("images",), {}, "no list 'images'"),
        (("images", 0), 3, "entry 1 of 'images': expected an object"),
        (("images", 0, "width"), "4", "image 1: width '4', expected whole pixels"),
        (("images", 0, "file_name"), None, "image 1: file_name null"),
        (("categories", 1, "isthing"), "yes", "category 9: isthing 'yes', expected 0 or 1"),
        (("annotations", 0, "file_name"), 7, "image 1: file_name 7, expected that of its PNG"),
        (("annotations", 0, "segments_info"), None, "image 1: segments_info null, expected a list"),
        (("annotations", 0, "segments_info", 1), [], r"image 1, segment 2: expected an object"),
        (("annotations", 0, "segments_info", 1, "id"), 2**24, "segment 2: id 16777216, expected"),
        (("annotations", 0, "segments_info", 1, "id"), "6", "segment 2: id '6', expected a whole"),
        (("annotations", 0, "segments_info", 1, "area"), float("nan"), "segment 2: area nan"),
        (("annotations", 0, "segments_info", 1, "iscrowd"), 7, "segment 2: iscrowd 7"),
        (("annotations", 0, "segments_info", 1, "category_id"), [9], "segment 2: category_id"),
    ],
    ids=str,
)
def test_panoptic__malformed_entry_is_one_sentence(place, value, message):
    content = copy.deepcopy(GOOD)
    check_panoptic_file(content, "x.json")
    inner = content
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    with pytest.raises(DataError, match=f"^x.json: .*{message}.*lists all.$"):
        check_panoptic_file(content, "x.json")
