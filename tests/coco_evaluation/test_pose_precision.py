"""Average precision of poses: as xtcocotools' own, and as its definition in NumPy."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pycocotools.coco
import pycocotools.cocoeval
import pytest

from argus.coco_evaluation.average_precision import VARIABLE
from argus.coco_evaluation.pose_precision import KINDS, COCOeval
from argus.coco_evaluation.pose_truth import COCO
from argus.errors import ConfigError
from argus.libraries.stand_ins import StandInFinder

PARTS = ("keypoints", "foot_kpts", "face_kpts", "lefthand_kpts", "righthand_kpts")
NUM_PICTURES = 24
# What xtcocotools 1.14.3 gives for `poses` below: five keypoints, by area, by box, and CrowdPose's.
STORED = {
    "area": [
        0.4322203,
        0.6698859,
        0.4045262,
        0.2107039,
        0.7272348,
        0.5484848,
        0.7272727,
        0.5454545,
        0.3333333,
        0.7705882,
    ],
    "box": [
        0.3962838,
        0.6146552,
        0.3551568,
        0.217332,
        0.7317162,
        0.5212121,
        0.6969697,
        0.4848485,
        0.3444444,
        0.7857143,
    ],
    "crowd": [0.374414, 0.5990171, 0.3619601, 0.5, 0.6666667, 0.5185185, 0.3282, 0.5142, 0.1348],
}


def poses(number: int, *, seed: int = 0) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Random people of ``number`` keypoints a part, and results near them."""
    draw = np.random.default_rng(seed)
    truth: list[dict[str, Any]] = []
    results = []
    for picture in range(NUM_PICTURES):
        for _ in range(draw.integers(0, 5)):
            left, top, width, height = draw.uniform(20, 220, 4).tolist()
            person: dict[str, Any] = dict(
                id=len(truth),  # the first one is 0
                image_id=picture,
                category_id=1,
                bbox=[left, top, width, height],
                area=width * height * draw.uniform(0.3, 0.9),
                iscrowd=int(draw.random() < 0.1),
            )
            found = dict(image_id=picture, category_id=1, score=draw.random())
            unlabelled = draw.random() < 0.2
            for part in PARTS:
                corner, size = np.array([left, top]), np.array([width, height])
                points = corner + size * draw.random((number, 2))
                seen = draw.integers(0, 3, number) * (not unlabelled)
                person[part] = np.column_stack([points, seen]).ravel().tolist()
                near = points + draw.normal(0, 12, (number, 2)) * draw.random()
                found[part] = np.column_stack([near, np.ones(number)]).ravel().tolist()
            person["num_keypoints"] = int(np.count_nonzero(np.array(person["keypoints"])[2::3] > 1))
            truth.append(person)
            if draw.random() < 0.8:
                results.append(found)
            if draw.random() < 0.2:
                results.append({**found, "score": draw.random(), "foot_score": draw.random()})
    results.append({**results[0], "keypoints": [0.0] * len(results[0]["keypoints"])})
    images = [dict(id=i, crowdIndex=i / NUM_PICTURES) for i in range(NUM_PICTURES)]
    return dict(images=images, annotations=truth, categories=[dict(id=1, name="person")]), results


def stats(
    kind: Any, evaluation: Any, folder: Path, content: tuple[Any, Any], *options: Any
) -> np.ndarray:
    """What an evaluation of files gives, as mmpose calls it."""
    truth, results = folder / "truth.json", folder / "results.json"
    truth.write_text(json.dumps(content[0]))
    results.write_text(json.dumps(content[1]))
    coco = kind(str(truth))
    done = evaluation(coco, coco.loadRes(str(results)), *options)
    done.params.useSegm = None
    done.evaluate()
    done.accumulate()
    done.summarize()
    return np.asarray(done.stats)


def installed() -> tuple[Any, Any]:
    """The classes of xtcocotools itself; the test is skipped where it is not installed."""
    coco = pytest.importorskip("xtcocotools.coco")
    if isinstance(sys.modules["xtcocotools"].__spec__.loader, StandInFinder):  # type: ignore[union-attr]
        pytest.skip("xtcocotools is not installed")
    return coco.COCO, pytest.importorskip("xtcocotools.cocoeval").COCOeval


@pytest.mark.filterwarnings("ignore:'.*_score' not found")
@pytest.mark.parametrize("use_area", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_evaluation__is_that_of_xtcocotools(tmp_path: Path, kind: str, use_area: bool) -> None:
    theirs = installed()
    sigmas = np.linspace(0.03, 0.12, 25 if kind == "keypoints_wholebody" else 5)
    content = poses(5)
    options = (kind, sigmas, use_area)
    expected = stats(*theirs, tmp_path, content, *options)
    np.testing.assert_array_equal(stats(COCO, COCOeval, tmp_path, content, *options), expected)
    assert 0.05 < expected[0] < 0.95


@pytest.mark.parametrize("name", ["area", "box", "crowd"])
def test_evaluation__gives_the_stored_numbers(tmp_path: Path, name: str) -> None:
    kind = "keypoints_crowd" if name == "crowd" else "keypoints"
    options = (kind, np.linspace(0.03, 0.12, 5), name != "box")
    found = stats(COCO, COCOeval, tmp_path, poses(5), *options)
    np.testing.assert_allclose(found, STORED[name], atol=5e-7)


def test_evaluation__of_cocos_keypoints_is_that_of_pycocotools(tmp_path: Path) -> None:
    truth, results = poses(17)
    for person in truth["annotations"]:  # pycocotools reads 0 as "none", and counts as is written
        person["id"] += 1
        person["num_keypoints"] = int(np.count_nonzero(np.array(person["keypoints"])[2::3]))
    theirs = (pycocotools.coco.COCO, pycocotools.cocoeval.COCOeval)
    expected = stats(*theirs, tmp_path, (truth, results[:-1]), "keypoints")
    found = stats(COCO, COCOeval, tmp_path, (truth, results), "keypoints")
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("use_area", [True, False])
def test_similarity__is_its_definition(tmp_path: Path, use_area: bool, monkeypatch: Any) -> None:
    monkeypatch.setenv(VARIABLE, "pycocotools")  # which keeps the similarities
    sigmas = np.array([0.05, 0.1])
    person = dict(id=0, image_id=0, category_id=1, bbox=[0, 0, 10, 20], area=90.0)
    person |= dict(keypoints=[1, 2, 2, 9, 9, 0])
    found = dict(image_id=0, category_id=1, score=0.5, keypoints=[4, 6, 1, 0, 0, 1])
    truth = dict(images=[dict(id=0)], annotations=[person], categories=[dict(id=1)])
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    coco = COCO(str(tmp_path / "truth.json"))
    evaluation = COCOeval(coco, coco.loadRes([found]), "keypoints", sigmas, use_area)
    evaluation.evaluate()
    area = 90.0 if use_area else 200 * 0.53
    # 3 and 4 pixels off, of the one keypoint that is labelled.
    expected = np.exp(-25 / (2 * area * (2 * 0.05) ** 2))
    assert evaluation.ious[0, 1] == pytest.approx(np.array([[expected]]), rel=1e-12)


def test_annotations__are_left_as_they_are(tmp_path: Path) -> None:
    content = poses(5)
    (tmp_path / "truth.json").write_text(json.dumps(content[0]))
    coco = COCO(str(tmp_path / "truth.json"))
    before = json.dumps(coco.dataset)
    COCOeval(coco, coco.loadRes(content[1]), "keypoints", np.full(5, 0.1)).evaluate()
    assert json.dumps(coco.dataset) == before


def test_kind__that_is_unknown() -> None:
    with pytest.raises(ConfigError, match=r"one of keypoints, .* found 'segm'\. Masks and boxes"):
        COCOeval(iouType="segm")
