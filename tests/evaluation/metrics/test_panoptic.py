"""Panoptic quality against the published definition, written out over sets of pixels."""

from collections import Counter

import numpy as np
import pytest
import torch

from argus.errors import DataError
from argus.evaluation.metrics import PanopticQuality

THINGS, STUFF = 3, 2
CLASSES = THINGS + STUFF
VOID = 255
OFFSET = 1000


def pixels(ids):
    """Positions of every id of a map."""
    return {i: set(zip(*map(tuple, np.nonzero(ids == i)), strict=True)) for i in np.unique(ids)}


def oracle(images):
    """The definition: (gt map, segments_info, pred map) of all images to the nine numbers."""
    iou, tp, fp, fn = (Counter() for _ in range(4))
    for gt_map, segments, pred_map in images:
        gt_pixels = pixels(gt_map)
        listed = {item["id"] for item in segments}
        void = set().union(*(where for i, where in gt_pixels.items() if i not in listed))
        predicted = {i: where for i, where in pixels(pred_map).items() if i % OFFSET < CLASSES}
        matched_pred, matched_gt = set(), set()
        for item in segments:
            where = gt_pixels.get(item["id"], set())
            for pred_id, region in predicted.items():
                if item["is_crowd"] or pred_id % OFFSET != item["label"]:
                    continue
                common = len(where & region)
                union = item["area"] + len(region) - common - len(region & void)
                if common / union > 0.5:
                    iou[item["label"]] += common / union
                    tp[item["label"]] += 1
                    matched_pred.add(pred_id)
                    matched_gt.add(item["id"])
        for item in segments:
            if item["id"] not in matched_gt and not item["is_crowd"]:
                fn[item["label"]] += 1
        for pred_id, region in predicted.items():
            if pred_id in matched_pred:
                continue
            excused = set(void)
            for item in segments:
                if item["is_crowd"] and item["label"] == pred_id % OFFSET:
                    excused |= gt_pixels.get(item["id"], set())
            if len(region & excused) / len(region) <= 0.5:
                fp[pred_id % OFFSET] += 1
    result = {}
    groups = {"": range(CLASSES), "_th": range(THINGS), "_st": range(THINGS, CLASSES)}
    for suffix, group in groups.items():
        seen = [c for c in group if tp[c] + fp[c] + fn[c]]
        weight = {c: tp[c] + (fp[c] + fn[c]) / 2 for c in seen}
        values = dict(
            PQ=[iou[c] / weight[c] for c in seen],
            SQ=[iou[c] / tp[c] if tp[c] else 0 for c in seen],
            RQ=[tp[c] / weight[c] for c in seen],
        )
        result |= {k + suffix: sum(v) / len(v) if v else np.nan for k, v in values.items()}
    return result


def sample(gt_map, segments, pred_map):
    truth = {"sem_seg": torch.from_numpy(gt_map.astype(np.int32))[None]}
    if segments is not None:
        truth["segments_info"] = segments
    prediction = {"sem_seg": torch.from_numpy(pred_map.astype(np.int32))[None]}
    return {"gt_panoptic_seg": truth, "pred_panoptic_seg": prediction, "img_path": "a.jpg"}


def evaluate(images):
    metric = PanopticQuality(num_things_classes=THINGS, num_stuff_classes=STUFF)
    metric.process(None, [sample(*image) for image in images])
    return metric.evaluate(len(images))


def blocks(rng, size=16, cell=4):
    """A map of cells, each one of a few segments or void; things numbered, stuff not."""
    things = rng.integers(0, THINGS, 6) + OFFSET * np.arange(1, 7)
    ids = np.concatenate([things, THINGS + np.arange(STUFF), [VOID]])
    cells = rng.choice(ids, (size // cell, size // cell))
    return np.kron(cells, np.ones((cell, cell), int))


def describe(gt_map, rng=None):
    """The segments of a map; with ``rng`` some are crowd regions, some have lost pixels."""
    segments = []
    for i in np.unique(gt_map):
        if i % OFFSET < CLASSES:
            lost = int(rng.integers(0, 9)) if rng is not None and rng.random() < 0.3 else 0
            segments.append(
                dict(
                    id=int(i),
                    label=int(i % OFFSET),
                    area=int((gt_map == i).sum()) + lost,
                    is_crowd=bool(rng is not None and i > OFFSET and rng.random() < 0.3),
                )
            )
    return segments


def disturb(gt_map, rng):
    """A prediction that shares much with the truth: moved, and some ids changed."""
    pred_map = np.roll(gt_map, rng.integers(-1, 2, 2), (0, 1))
    for i in np.unique(pred_map):
        draw = rng.random()
        if draw < 0.2:
            pred_map[pred_map == i] = rng.integers(0, THINGS) + OFFSET * 20
        elif draw < 0.3:
            pred_map[pred_map == i] = CLASSES  # mmdet's void
    return pred_map


@pytest.mark.parametrize("seed", range(20))
def test_quality__equals_the_definition(seed):
    rng = np.random.default_rng(seed)
    images = []
    for _ in range(8):
        gt_map = blocks(rng)
        images.append((gt_map, describe(gt_map, rng), disturb(gt_map, rng)))
    found, expected = evaluate(images), oracle(images)
    assert found == pytest.approx(expected, abs=1e-12, nan_ok=True)
    assert 0.1 < found["PQ"] < 0.9


def test_quality__truth_as_prediction_is_one():
    rng = np.random.default_rng(0)
    maps = [blocks(rng) for _ in range(8)]
    found = evaluate([(m, describe(m), m) for m in maps])
    assert found == dict.fromkeys(found, 1.0) and len(found) == 9


def test_quality__a_map_alone_is_described_by_its_ids():
    rng = np.random.default_rng(1)
    images = [(m, describe(m), disturb(m, rng)) for m in (blocks(rng) for _ in range(4))]
    assert evaluate([(gt, None, pred) for gt, _, pred in images]) == evaluate(images)


def test_quality__state_adds_up():
    rng = np.random.default_rng(2)
    images = [(m, describe(m, rng), disturb(m, rng)) for m in (blocks(rng) for _ in range(6))]
    halves = []
    for part in (images[:2], images[2:]):
        metric = PanopticQuality(num_things_classes=THINGS, num_stuff_classes=STUFF)
        metric.process(None, [sample(*image) for image in part])
        halves.append(metric.state)
    total = {name: halves[0][name] + halves[1][name] for name in halves[0]}
    assert metric.compute(total) == pytest.approx(evaluate(images), abs=1e-12)


def row(*runs):
    """A map of one row from (id, length) pairs."""
    return np.concatenate([np.full(length, i) for i, length in runs])[None]


@pytest.mark.parametrize(
    ("gt_map", "crowd", "pred_map", "expected"),
    [
        # Exactly half is no match: one false positive, one false negative.
        (row((1001, 10)), (), row((1001, 5), (CLASSES, 5)), dict(PQ=0.0, RQ=0.0)),
        # IoU 6 / 10.
        (row((1001, 10)), (), row((1001, 6), (CLASSES, 4)), dict(PQ=0.6, SQ=0.6, RQ=1.0)),
        # Void is no part of the union: 6 / (6 + 9 - 6 - 3).
        (row((1001, 6), (VOID, 3)), (), row((1001, 9)), dict(PQ=1.0)),
        # A prediction mostly on void is not counted, one that is half on void is.
        (row((3, 4), (VOID, 6)), (), row((3, 4), (1000, 6)), dict(PQ=1.0)),
        (row((3, 9), (VOID, 3)), (), row((3, 6), (1000, 6)), dict(PQ=1 / 3)),
        # Crowd: neither missed nor a false alarm for its own class, but one for another.
        (row((3, 4), (5001, 6)), (5001,), row((3, 4), (CLASSES, 6)), dict(PQ=1.0)),
        (row((3, 4), (5001, 6)), (5001,), row((3, 4), (1001, 6)), dict(PQ=1.0)),
        (row((3, 4), (5001, 6)), (5001,), row((3, 4), (1002, 6)), dict(PQ=0.5, PQ_th=0.0)),
        # Nothing predicted.
        (row((3, 4), (1001, 6)), (), row((CLASSES, 10)), dict(PQ=0.0, SQ=0.0, RQ=0.0)),
        # One segment for everything: 6 / 10 of its own, the other missed.
        (row((3, 6), (1001, 4)), (), row((3, 10)), dict(PQ=0.3, PQ_st=0.6, PQ_th=0.0)),
        # The right region in the wrong class: a false positive and a false negative.
        (row((1001, 10)), (), row((1000, 10)), dict(PQ=0.0)),
    ],
)
def test_quality__by_hand(gt_map, crowd, pred_map, expected):
    segments = describe(gt_map)
    for item in segments:
        item["is_crowd"] = item["id"] in crowd
    found = evaluate([(gt_map, segments, pred_map)])
    assert {name: found[name] for name in expected} == pytest.approx(expected)
    assert found == pytest.approx(oracle([(gt_map, segments, pred_map)]), nan_ok=True)


def test_quality__a_listed_segment_without_pixels_is_missed():
    gt_map = row((3, 10))
    segments = [*describe(gt_map), dict(id=4, label=4, area=7, is_crowd=False)]
    found = evaluate([(gt_map, segments, gt_map)])
    assert found["PQ"] == 0.5 and found["PQ_st"] == 0.5 and np.isnan(found["PQ_th"])


def test_quality__no_class_is_nan():
    found = evaluate([(row((VOID, 4)), [], row((1000, 4)))])
    assert all(np.isnan(value) for value in found.values())


def test_update__refuses_missing_labels_and_other_sizes():
    metric = PanopticQuality(num_things_classes=THINGS, num_stuff_classes=STUFF)
    whole = sample(row((3, 4)), None, row((3, 5)))
    with pytest.raises(DataError, match="a.jpg: the prediction is .*after resizing"):
        metric.update(whole)
    whole.pop("gt_panoptic_seg")
    with pytest.raises(DataError, match="PackPanopticMap"):
        metric.update(whole)
