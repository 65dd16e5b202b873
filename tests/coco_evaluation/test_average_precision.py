"""COCO's evaluation in Rust: bit by bit that of pycocotools."""

import copy
from typing import Any

import numpy as np
import pytest
from pycocotools import mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from argus.coco_evaluation.average_precision import VARIABLE, FastCOCOeval
from argus.errors import ConfigError

HEIGHT, WIDTH, NUM_KEYPOINTS = 50, 60, 17
CLASSES = (3, 1, 9)  # in no order, with holes


def thing(draw: np.random.Generator, image: int) -> dict[str, Any]:
    """An annotation with a box, a mask and a pose."""
    x, y, width, height = *draw.uniform(0, 40, 2), *draw.uniform(3, 20, 2)
    pixels = np.zeros((HEIGHT, WIDTH), np.uint8, order="F")
    pixels[int(y) : int(y + height) + 1, int(x) : int(x + width) + 1] = 1
    rle = mask.encode(pixels)
    seen = draw.integers(0, 3, NUM_KEYPOINTS) * (draw.random() > 0.15)
    places = np.stack([draw.uniform(x, x + width, 17), draw.uniform(y, y + height, 17), seen], 1)
    return dict(
        image_id=image,
        category_id=int(draw.choice(CLASSES)),
        bbox=[x, y, width, height],
        segmentation=dict(size=rle["size"], counts=rle["counts"].decode()),
        keypoints=places.ravel().tolist(),
        num_keypoints=int(np.count_nonzero(seen)),
        area=float(pixels.sum() * draw.uniform(0.5, 30)),
        iscrowd=int(draw.random() < 0.2),
    )


def result(draw: np.random.Generator, truth: dict[str, Any], kind: str) -> dict[str, Any]:
    """Near an annotation, with one of eleven scores, so that many are equal."""
    found: dict[str, Any] = {key: truth[key] for key in ("image_id", "category_id")}
    found["score"] = float(draw.integers(0, 11) / 10)
    if kind == "bbox":
        found["bbox"] = (np.abs(truth["bbox"]) + draw.uniform(0, 2, 4)).tolist()
    elif kind == "segm":
        shift = draw.integers(-2, 3, 2)
        pixels = np.roll(mask.decode(truth["segmentation"]), shift, (0, 1))
        found["segmentation"] = mask.encode(np.asfortranarray(pixels))
    else:
        noise = draw.normal(0, 1, (NUM_KEYPOINTS, 3)) * (1, 1, 0)
        found["keypoints"] = (np.reshape(truth["keypoints"], (-1, 3)) + noise).ravel().tolist()
    return found


def data(seed: int, kind: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    draw = np.random.default_rng(seed)
    images = [dict(id=7 * number, height=HEIGHT, width=WIDTH) for number in range(4)]
    truth = [thing(draw, image["id"]) for image in images for _ in range(draw.integers(0, 8))]
    results = [result(draw, one, kind) for one in truth for _ in range(draw.integers(0, 4))]
    for number, one in enumerate(truth, start=1):
        one["id"] = number
    categories = [dict(id=number, name=str(number)) for number in CLASSES]
    return dict(images=images, categories=categories, annotations=truth), results


def evaluation(kind_of: type, content: Any, kind: str, **params: Any) -> Any:
    truth, results = copy.deepcopy(content)
    coco = COCO()
    coco.dataset = truth
    coco.createIndex()
    found = kind_of(coco, coco.loadRes(results), kind)
    for name, value in params.items():
        setattr(found.params, name, value)
    found.evaluate()
    found.accumulate()
    found.summarize()
    return found


PARAMS: tuple[dict[str, Any], ...] = (
    {},
    dict(useCats=0),
    dict(maxDets=[1, 2, 3], iouThrs=np.array([0.3, 0.5, 0.75])),
    dict(imgIds=[14, 0, 7], catIds=[9, 3]),
)


@pytest.mark.parametrize("kind", ["bbox", "segm", "keypoints"])
def test_evaluation__is_that_of_pycocotools(kind) -> None:
    values = set()
    for seed in range(12):
        content = data(seed, kind)
        for params in PARAMS:
            if kind == "keypoints":
                if "useCats" in params:  # pycocotools then looks for poses of a class -1
                    continue
                params = dict(params, maxDets=[20])
            try:
                theirs = evaluation(COCOeval, content, kind, **params)
            except (AssertionError, IndexError):  # what it prints asks for certain thresholds
                continue
            ours = evaluation(FastCOCOeval, content, kind, **params)
            for key in ("precision", "recall", "scores"):
                np.testing.assert_array_equal(
                    ours.eval[key], theirs.eval[key], err_msg=f"{kind}, seed {seed}, {params}"
                )
            np.testing.assert_array_equal(ours.stats, theirs.stats)
            assert ours.eval["counts"] == theirs.eval["counts"]
            values.add(round(float(ours.stats[0]), 3))
    assert len(values) > 12 and 0.05 < float(np.median(list(values))) < 0.95


def test_evaluation__takes_ids_that_are_0_or_texts() -> None:
    content = data(1, "bbox")
    expected = evaluation(COCOeval, content, "bbox").stats
    truth, results = copy.deepcopy(content)
    for number, one in enumerate(truth["annotations"]):
        one["id"] = number  # pycocotools takes the first for unmatched
    for one in [*truth["annotations"], *results]:
        one["image_id"] = f"picture {one['image_id']:02d}"
    for one in truth["images"]:
        one["id"] = f"picture {one['id']:02d}"
    found = evaluation(FastCOCOeval, (truth, results), "bbox").stats
    np.testing.assert_array_equal(found, expected)


def test_evaluation__is_pycocotools_own_on_request(monkeypatch) -> None:
    content = data(1, "bbox")
    monkeypatch.setenv(VARIABLE, "pycocotools")
    found = evaluation(FastCOCOeval, content, "bbox")
    assert found.evalImgs  # which Rust does not make
    np.testing.assert_array_equal(found.stats, evaluation(COCOeval, content, "bbox").stats)
    monkeypatch.setenv(VARIABLE, "rust")
    with pytest.raises(ConfigError, match="one of hotcoco, pycocotools, found 'rust'"):
        evaluation(FastCOCOeval, content, "bbox")
