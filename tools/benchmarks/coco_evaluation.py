"""COCO's average precision in Rust against pycocotools, on results around random objects.

Equal numbers are the check; the ratio is what one waits less after a validation.
"""

import contextlib
import io
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from pycocotools import mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from argus.coco_evaluation.average_precision import FastCOCOeval
from tools.benchmarks.configs import SEED
from tools.benchmarks.report import Case, Result, Settings

SIZE = (480, 640)
NUM_CLASSES, NUM_KEYPOINTS = 80, 17
NUM_PICTURES, QUICK_PICTURES = 200, 6
OBJECTS, RESULTS = 7, 36  # of a picture, as in COCO's validation part and of a detector for it
KINDS = ("bbox", "segm", "keypoints")


def cases(settings: Settings) -> Iterator[Case]:
    """Boxes, masks and poses."""
    for kind in KINDS:
        yield Case(kind, partial(_run, settings, kind))


def _run(settings: Settings, kind: str) -> Result:
    truth, results = made(QUICK_PICTURES if settings.quick else NUM_PICTURES, kind)
    found = settings.compare(
        lambda: evaluate(FastCOCOeval, truth, results, kind),
        lambda: evaluate(COCOeval, truth, results, kind),
    )
    ours, theirs = (evaluate(one, truth, results, kind) for one in (FastCOCOeval, COCOeval))
    result = Result()
    result.values.update(
        results=len(results.anns),
        argus_ms=found.first_ms,
        pycocotools_ms=found.second_ms,
        ratio=found.ratio,
        ratio_low=found.low,
        ratio_high=found.high,
    )
    result.check("difference", float(np.abs(ours - theirs).max()), 1e-9)
    return result


def evaluate(kind_of: type, truth: COCO, results: COCO, kind: str) -> Any:
    """The twelve numbers, or ten of poses."""
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = kind_of(truth, results, kind)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return np.asarray(evaluation.stats)


def made(
    num_pictures: int,
    kind: str,
    *,
    num_objects: int = OBJECTS,
    num_results: int = RESULTS,
    num_classes: int = NUM_CLASSES,
) -> tuple[COCO, COCO]:
    """Objects and results.

    Args:
        num_pictures: Pictures.
        kind: ``bbox``, ``segm`` or ``keypoints``.
        num_objects: Of a picture.
        num_results: Of a picture, around its objects.
        num_classes: Of the objects, but for poses, which have one.
    """
    draw = np.random.default_rng(SEED)
    truth, results = COCO(), None
    classes = 1 if kind == "keypoints" else num_classes
    annotations, found = [], []
    for picture in range(num_pictures):
        objects = [_object(draw, classes, kind) for _ in range(num_objects)]
        for one in objects:
            annotations.append(dict(one, id=len(annotations) + 1, image_id=picture, iscrowd=0))
        for one in (objects[index % num_objects] for index in range(num_results)):
            found.append(
                dict(_moved(draw, one, kind, classes), image_id=picture, score=draw.random())
            )
    truth.dataset = dict(
        images=[dict(id=number, height=SIZE[0], width=SIZE[1]) for number in range(num_pictures)],
        categories=[dict(id=number, name=str(number)) for number in range(classes)],
        annotations=annotations,
    )
    with contextlib.redirect_stdout(io.StringIO()):
        truth.createIndex()
        results = truth.loadRes(found)
    return truth, results


def _object(draw: np.random.Generator, classes: int, kind: str) -> dict[str, Any]:
    width, height = draw.uniform(10, 240, 2)
    box = [draw.uniform(0, SIZE[1] - width), draw.uniform(0, SIZE[0] - height), width, height]
    one: dict[str, Any] = dict(category_id=int(draw.integers(classes)), bbox=box)
    one["area"] = width * height
    if kind == "segm":
        one["segmentation"] = _outline(draw, box)
    if kind == "keypoints":
        places = draw.uniform(0, 1, (NUM_KEYPOINTS, 2)) * (width, height) + box[:2]
        one["keypoints"] = np.column_stack([places, np.full(NUM_KEYPOINTS, 2)]).ravel().tolist()
        one["num_keypoints"] = NUM_KEYPOINTS
    return one


def _outline(draw: np.random.Generator, box: list[float]) -> dict[str, Any]:
    """A ragged ellipse in a box, as run lengths."""
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    radii = draw.uniform(0.35, 0.5, (40, 1))
    places = (0.5 + radii * np.stack([np.cos(angles), np.sin(angles)], 1)) * box[2:] + box[:2]
    rle: dict[str, Any] = mask.merge(mask.frPyObjects([places.ravel().tolist()], *SIZE))
    return rle


def _moved(
    draw: np.random.Generator, one: dict[str, Any], kind: str, classes: int
) -> dict[str, Any]:
    """A result near an object, or in one of ten cases of another class."""
    shift = draw.normal(0, 0.1, 2) * one["bbox"][2:]
    box = [*(one["bbox"][:2] + shift), *one["bbox"][2:]]
    found: dict[str, Any] = dict(category_id=one["category_id"])
    if kind != "keypoints" and draw.random() < 0.1:
        found["category_id"] = int(draw.integers(classes))
    if kind == "bbox":
        found["bbox"] = box
    elif kind == "segm":
        found["segmentation"] = _outline(draw, box)
    else:
        places = np.reshape(one["keypoints"], (-1, 3)) + [*shift, 0]
        found["keypoints"] = places.ravel().tolist()
    return found
