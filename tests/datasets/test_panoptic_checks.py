import copy

from argus.datasets.findings import Findings
from argus.datasets.panoptic_checks import check_panoptic, is_panoptic

GOOD = dict(
    images=[dict(id=1), dict(id=2), dict(id=3)],
    categories=[dict(id=7, name="wall"), dict(id=9, name="cup")],
    annotations=[
        dict(
            image_id=1,
            segments_info=[dict(id=5, category_id=7), dict(id=6, category_id=9, iscrowd=1)],
        ),
        dict(image_id=2, segments_info=[]),
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
    content["annotations"][0]["segments_info"] += [dict(id=5, category_id=8)]
    errors = "\n".join(check(content).errors)
    for message in (
        "image 2 is annotated more than once",
        "image_id 8, which is not in 'images'",
        "image 1: a segment id occurs twice",
        "image 1, segment 5: label out of range: category_id 8",
    ):
        assert message in errors
