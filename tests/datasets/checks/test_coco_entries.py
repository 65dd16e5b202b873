"""Malformed annotation files: named by the check, and refused by training before they are drawn."""

import copy
import json

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from argus.datasets.checks.coco_entries import check_entries, entry_problems, read_annotations
from argus.datasets.checks.coco_masks import decode_runs, segmentation_problem
from argus.datasets.checks.findings import Findings
from argus.datasets.checks.panoptic_file import check_panoptic, is_panoptic
from argus.errors import DataError
from tests.datasets import toy_coco
from tests.datasets.toy_coco import annotation

NAN, INFINITY = float("nan"), float("inf")
SQUARE = [5, 6, 25, 6, 25, 26, 5, 26]
FULL = dict(size=[40, 60], counts=[0, 2400])


def problems(annotations=(), num_keypoints=None, **changes):
    content = toy_coco.content(list(annotations)) | changes
    return [p.text for p in entry_problems(content, num_keypoints=num_keypoints)]


GOOD = [
    annotation(1, 1),
    annotation(2, 1, iscrowd=1, segmentation=toy_coco.CROWD_RLE),
    annotation("b", 1, segmentation=[]),
    annotation(4, 1, segmentation=None),
    annotation(5, 1, segmentation=[[1, 2, 3, 4]]),
    annotation(0, 1, segmentation=[SQUARE, SQUARE], iscrowd=False, bbox=[-1.5, 2, 0, 3]),
]


def test_entries__good_ones():
    assert problems(GOOD) == []
    assert problems([annotation(1, 1, keypoints=toy_coco.keypoints())], 17) == []


BAD = [
    (dict(bbox=None), "bbox null"),
    (dict(bbox="1,2,3,4"), "bbox '1,2,3,4'"),
    (dict(bbox=[1, 2, "3", 4]), "bbox"),
    (dict(bbox=[1, 2, [3], 4]), "bbox"),
    (dict(bbox=[1, 2, None, 4]), "bbox"),
    (dict(bbox=[1, 2, 3]), "four finite numbers"),
    (dict(bbox={"x": 1}), "bbox"),
    (dict(bbox=[1, 2, NAN, 4]), "nan"),
    (dict(bbox=[1, 2, INFINITY, 4]), "inf"),
    (dict(bbox=[1, 2, 10**400, 4]), "bbox"),
    (dict(bbox=[1, 2, 1e300, 4]), "bbox"),
    (dict(area=NAN), "area nan"),
    (dict(area=None), "area null"),
    (dict(area="400"), "area '400'"),
    (dict(iscrowd="no"), "iscrowd 'no'"),
    (dict(iscrowd=[]), "iscrowd"),
    (dict(image_id=[1]), "image_id [1]"),
    (dict(image_id=None), "image_id null"),
    (dict(image_id=1.5), "image_id 1.5"),
    (dict(image_id=77), "image_id 77 is not in 'images'"),
    (dict(category_id={}), "category_id {}"),
    (dict(category_id=True), "category_id True"),
    (dict(id=None), "id null"),
    (dict(id=10**30), "a huge number"),
    (dict(segmentation="abc"), "segmentation is a text"),
    (dict(segmentation=7), "segmentation is a number"),
    (dict(segmentation=SQUARE), "list with a number in it"),
    (dict(segmentation=[[SQUARE]]), "something else than numbers"),
    (dict(segmentation=[FULL]), "list with a run-length mask in it"),
    (dict(segmentation=["1,2,3,4,5,6"]), "list with a text"),
    (dict(segmentation=[None]), "list with the value None"),
    (dict(segmentation=[[1, 2, 3, 4, 5, None]]), "something else than numbers"),
    (dict(segmentation=[[1, 2, 3, 4, 5, "6"]]), "something else than numbers"),
    (dict(segmentation=[[1, 2, 3, 4, 5, NAN]]), "NaN or infinity"),
    (dict(segmentation=[[1, 2, 3, 4, 5, INFINITY]]), "NaN or infinity"),
    (dict(segmentation=[[1, 2, 3, 4, 5]]), "5 values, expected pairs"),
    (dict(segmentation=[[1, 2, 3, 4, 5, 1e9]]), "far outside"),
    (dict(segmentation={}), "size None"),
    (dict(segmentation=dict(size=[60, 40], counts=[2400])), "size [60, 40]"),
    (dict(segmentation=dict(size=[400, 600], counts=[0, 240000])), "expected the picture's"),
    (dict(segmentation=dict(size=None, counts=[2400])), "size None"),
    (dict(segmentation=dict(size=[40, 60], counts=None)), "no runs"),
    (dict(segmentation=dict(size=[40, 60], counts=[2400.0])), "no runs"),
    (dict(segmentation=dict(size=[40, 60], counts=["2400"])), "no runs"),
    (dict(segmentation=dict(size=[40, 60], counts=[-5, 2405])), "at least 0"),
    (dict(segmentation=dict(size=[40, 60], counts=[2399])), "cover 2399 pixels"),
    (dict(segmentation=dict(size=[40, 60], counts=[10**30])), "too many"),
    (dict(segmentation=dict(size=[40, 60], counts="")), "no runs"),
    (dict(segmentation=dict(size=[40, 60], counts="PPPPPPPPPPPPPPPP")), "no runs"),
    (dict(segmentation=dict(size=[40, 60], counts="\u00e9\n")), "no runs"),
    (dict(segmentation=dict(size=[40, 60], counts="12345")), "cover"),
]


@pytest.mark.parametrize(("changes", "message"), BAD, ids=lambda v: str(v)[:40])
def test_entries__bad_annotation_is_named(changes, message):
    (found,) = problems([GOOD[1], annotation(7, 1) | changes])
    assert message in found and len(found) < 300
    if "id" not in changes:
        assert found.startswith("annotation 7: ")


@pytest.mark.parametrize("entry", [None, 3, "x", [], [1]])
@pytest.mark.parametrize("key", ["images", "annotations", "categories"])
def test_entries__no_objects(key, entry):
    content = toy_coco.content([annotation(1, 1)])
    content[key] = [*content[key], entry]
    (found,) = [p.text for p in entry_problems(content)]
    assert "of the list: expected an object" in found


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (dict(id=9, file_name="1.jpg"), "image 9: width null"),
        (dict(id=9, file_name="1.jpg", width=None, height=3), "width null"),
        (dict(id=9, file_name="1.jpg", width="60", height=3), "width '60'"),
        (dict(id=9, file_name="1.jpg", width=60, height=-1), "height -1"),
        (dict(id=9, file_name="1.jpg", width=60, height=2.5), "height 2.5"),
        (dict(id=9, file_name="1.jpg", width=60, height=INFINITY), "height inf"),
        (dict(id=9, file_name=None, width=60, height=3), "file_name null"),
        (dict(id=9, file_name="a\0b", width=60, height=3), "file_name"),
        (dict(id=[], file_name="1.jpg", width=60, height=3), "id []"),
        (dict(file_name="1.jpg", width=60, height=3), "id null"),
    ],
)
def test_entries__bad_image(image, message):
    images = [*toy_coco.content([])["images"], image]
    (found,) = problems([], images=images)
    assert message in found


@pytest.mark.parametrize("category", [dict(id=1), dict(name="x"), dict(id=8, name=None)])
def test_entries__bad_category(category):
    (found,) = problems([], categories=[category])
    assert "category" in found and "expected" in found


def test_entries__repeated_ids():
    (found,) = problems([annotation(1, 1), annotation(1, 2)])
    assert found == "'annotations': 1 id occurs more than once: [1]"


@pytest.mark.parametrize("flag", [-1, 3, 0.5])
def test_entries__visibility(flag):
    """A negative one would turn the loss round."""
    values = [1, 2, 2] * 16 + [0, 0, flag]
    (found,) = problems([annotation(1, 1, keypoints=values)], 17)
    assert found == f"annotation 1: visibility {flag} of a keypoint, expected 0, 1 or 2"


@pytest.mark.parametrize("values", [[], None])
def test_entries__without_keypoints(values):
    assert problems([annotation(1, 1, keypoints=values)], 17) == []


@pytest.mark.parametrize("values", ["x", [1, 2], [NAN] * 51, ["1"] * 51, [[1, 2, 3]] * 51])
def test_entries__keypoints(values):
    (found,) = problems([annotation(1, 1, keypoints=values)], 17)
    assert "keypoint" in found and "51" in found


@pytest.mark.parametrize("content", [None, [], 3, "x", {}, dict(images=[], annotations=[])])
def test_entries__another_file(content):
    with pytest.raises(DataError, match=r"a\.json: the annotation file has no list .*not COCO"):
        check_entries(content, "a.json")


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe{}", b"\xef\xbb\xbf{}", b"[" * 100_000, b"1" * 10_000, b"\0" * 9],
    ids=["empty", "cut", "utf-16", "mark", "deep", "long number", "zeros"],
)
def test_read_annotations__one_sentence(tmp_path, content):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(DataError, match=r"a\.json: no valid JSON") as caught:
        read_annotations(tmp_path / "a.json")
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("seed", range(20))
def test_decode_runs__as_pycocotools_writes_them(seed):
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 3000, 2))
    mask = np.zeros(shape, np.uint8, order="F")
    for y, x in rng.integers(0, 3000, (rng.integers(0, 9), 2)):
        mask[y : y + rng.integers(1, 900), x : x + rng.integers(1, 900)] ^= 1
    code = coco_mask.encode(mask)
    values = mask.ravel(order="F")
    runs = np.diff([0, *(np.flatnonzero(np.diff(values)) + 1), values.size]).tolist()
    assert decode_runs(code["counts"].decode()) == ([0, *runs] if values[0] else runs)
    whole = dict(size=list(map(int, shape)), counts=code["counts"].decode())
    assert segmentation_problem(whole, *map(int, shape)) is None


PANOPTIC = dict(
    images=[dict(id=1)],
    categories=[dict(id=7, name="wall")],
    annotations=[dict(image_id=1, segments_info=[dict(id=5, category_id=7)])],
)


@pytest.mark.parametrize("value", [None, 3, "x", [], [1], {}, [None], [dict(id=[])], NAN])
@pytest.mark.parametrize(
    "path",
    [
        ("images",),
        ("categories",),
        ("annotations", 0, "segments_info"),
        ("annotations", 0, "image_id"),
        ("annotations", 0, "segments_info", 0),
        ("annotations", 0, "segments_info", 0, "category_id"),
        ("images", 0, "id"),
        ("categories", 0, "name"),
    ],
    ids=str,
)
def test_panoptic__malformed_anywhere_is_an_error_or_nothing(path, value):
    content = copy.deepcopy(PANOPTIC)
    place = content
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    findings = Findings(where="x")
    if is_panoptic(content):
        check_panoptic(content, findings)
    is_fine = (path[-1], value) in (("segments_info", []), ("name", "x"), ("id", "x"), ("id", 3))
    assert findings.errors or is_fine or value == "x" or json.dumps(value) == "3"
    assert all(len(error) < 300 for error in findings.errors)
