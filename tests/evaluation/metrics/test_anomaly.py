"""Anomaly metrics against scikit-learn and a brute-force PRO; divided over processes."""

import logging
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.logging import MMLogger
from scipy import ndimage
from sklearn.metrics import roc_auc_score

from argus.errors import DataError
from argus.evaluation.metrics import AnomalyImageMetric, AnomalyPixelMetric
from argus.evaluation.metrics import streaming as streaming_module
from argus.registry import METRICS


def image_sample(category: str, label: int, score: float) -> dict[str, Any]:
    return dict(category=category, gt_anomaly=label, pred_anomaly=score, img_path="x.png")


def pixel_sample(scores: np.ndarray, mask: np.ndarray, category: str = "screw") -> dict[str, Any]:
    return dict(
        category=category,
        img_path="x.png",
        pred_anomaly_map=dict(data=torch.from_numpy(scores.astype(np.float32))[None]),
        gt_anomaly_map=dict(data=torch.from_numpy(mask.astype(np.uint8))[None]),
    )


def pictures(seed: int, count: int = 6) -> list[tuple[np.ndarray, np.ndarray]]:
    """Scores and masks: blobs of several sizes, each third picture good, scores rounded to ties."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(count):
        noise = ndimage.gaussian_filter(rng.standard_normal((24, 31)), 2)
        mask = noise > (np.quantile(noise, 0.85) if number % 3 else np.inf)
        scores = ndimage.gaussian_filter(rng.standard_normal(mask.shape) + 1.5 * mask, 1)
        found.append((np.float32(np.round(scores, 2)), mask))
    return found


def brute_force_pro(found: list[tuple[np.ndarray, np.ndarray]], max_fpr: float) -> float:
    """Every score as a threshold, every region by itself, the area by fine steps."""
    points = [(0.0, 0.0)]
    values = np.unique(np.concatenate([scores.ravel() for scores, _ in found]))
    for threshold in values[::-1]:
        overlaps, false, good = [], 0, 0
        for scores, mask in found:
            hit = scores >= threshold
            labels, count = ndimage.label(mask, structure=np.ones((3, 3)))
            overlaps += [hit[labels == region].mean() for region in range(1, count + 1)]
            false += (hit & ~mask).sum()
            good += (~mask).sum()
        points.append((false / good, np.mean(overlaps)))
    rates, pros = np.array(points).T
    grid = np.linspace(0, max_fpr, 200001)
    return float(np.interp((grid[1:] + grid[:-1]) / 2, rates, pros).mean())


@pytest.fixture
def messages() -> Any:
    """What the current logger says."""
    records: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: records.append(record.getMessage())  # type: ignore[method-assign]
    logger = MMLogger.get_current_instance()
    logger.addHandler(handler)
    yield records
    logger.removeHandler(handler)


def test_image__mean_over_categories_of_scikit_learns():
    rng = np.random.default_rng(0)
    metric = AnomalyImageMetric()
    expected = {}
    for category in ("screw", "leather"):
        labels = rng.integers(0, 2, 40)
        scores = np.round(rng.standard_normal(40) + labels, 1)
        metric.process(
            None, [image_sample(category, *pair) for pair in zip(labels, scores, strict=True)]
        )
        expected[f"anomaly/I_AUROC_{category}"] = roc_auc_score(labels, scores)
    found = metric.evaluate(80)
    mean = found.pop("anomaly/I_AUROC")
    assert found == pytest.approx(expected, abs=1e-12)
    assert mean == pytest.approx(np.mean(list(expected.values())), abs=1e-12)


def test_image__category_of_one_kind_is_left_out_with_a_reason(messages):
    metric = AnomalyImageMetric()
    metric.process(None, [image_sample("screw", i % 2, float(i % 2)) for i in range(4)])
    metric.process(None, [image_sample("leather", 0, 0.3)] * 3)
    found = metric.evaluate(7)
    assert found == {"anomaly/I_AUROC": 1.0, "anomaly/I_AUROC_screw": 1.0}
    assert any("'leather' is left out: all 3 pictures seen are good" in m for m in messages)


def test_image__nothing_to_compare_raises():
    metric = AnomalyImageMetric()
    metric.process(None, [image_sample("screw", 1, 0.3)] * 3)
    with pytest.raises(DataError, match=r"none of the categories \['screw'\] has both"):
        metric.evaluate(3)


def test_image__diverged_model_raises():
    with pytest.raises(DataError, match="score is nan"):
        AnomalyImageMetric().process(None, [image_sample("screw", 1, float("nan"))])


@pytest.mark.parametrize("max_fpr", [0.3, 0.05, 1.0])
def test_pixel__equals_scikit_learn_and_brute_force(max_fpr):
    found = pictures(seed=1)
    metric = METRICS.build(dict(type="AnomalyPixelMetric", categories=("screw",), max_fpr=max_fpr))
    metric.process(None, [pixel_sample(*pair) for pair in found])
    result = metric.evaluate(len(found))
    scores = np.concatenate([s.ravel() for s, _ in found])
    labels = np.concatenate([m.ravel() for _, m in found])
    # Scores of two decimals never share a bin unless they are equal: exact.
    assert result["P_AUROC"] == pytest.approx(roc_auc_score(labels, scores), abs=1e-9)
    assert result["PRO"] == pytest.approx(brute_force_pro(found, max_fpr), abs=1e-5)
    assert result["PRO_screw"] == result["PRO"]


def test_pixel__perfect_map():
    found = [(mask * 1.0, mask) for _, mask in pictures(seed=2)]
    metric = AnomalyPixelMetric(("screw",))
    metric.process(None, [pixel_sample(*pair) for pair in found])
    result = metric.evaluate(1)
    assert result["P_AUROC"] == 1.0
    assert result["PRO"] == pytest.approx(1.0)


def test_pixel__constant_map_is_chance_and_warns(messages):
    metric = AnomalyPixelMetric(("screw",))
    metric.process(None, [pixel_sample(mask * 0 + 0.7, mask) for _, mask in pictures(seed=2)])
    result = metric.evaluate(1)
    assert result["P_AUROC"] == 0.5
    assert result["PRO"] == pytest.approx(0.15)  # the diagonal: half of 0.3
    assert any("uncertain by up to 0.500" in message for message in messages)


def test_pixel__pro_counts_a_small_region_as_much_as_a_large_one():
    mask = np.zeros((20, 20), bool)
    mask[2:12, 2:12] = mask[15, 15] = True
    scores = np.zeros((20, 20))
    scores[15, 15] = 1.0  # one pixel of 101 found, but one region of two
    metric = AnomalyPixelMetric(("screw",))
    metric.update(pixel_sample(scores, mask))
    # From (0, 0.5) straight to (1, 1).
    assert metric.evaluate(1)["PRO"] == pytest.approx(0.5 + 0.5 * 0.15)


def test_pixel__corner_neighbours_are_one_region():
    mask = np.eye(6, dtype=bool)
    metric = AnomalyPixelMetric(("screw",))
    metric.update(pixel_sample(np.random.default_rng(0).random((6, 6)), mask))
    assert metric.state["num_regions"].tolist() == [1]
    assert metric.state["regions"].sum() == pytest.approx(1)


def test_pixel__categories_do_not_mix(messages):
    first, second = pictures(seed=3), pictures(seed=4)
    both = AnomalyPixelMetric(("screw", "leather", "absent"))
    both.process(None, [pixel_sample(*pair) for pair in first])
    both.process(None, [pixel_sample(*pair, category="leather") for pair in second])
    result = both.evaluate(1)
    for name, found in (("screw", first), ("leather", second)):
        alone = AnomalyPixelMetric((name,))
        alone.process(None, [pixel_sample(*pair, category=name) for pair in found])
        assert alone.evaluate(1)["PRO"] == result[f"PRO_{name}"]
    assert result["P_AUROC"] == np.mean([result["P_AUROC_screw"], result["P_AUROC_leather"]])
    assert any("'absent' are left out: no picture was seen" in m for m in messages)


def test_pixel__two_processes_are_one(monkeypatch):
    samples = [pixel_sample(*pair) for pair in pictures(seed=5)]
    whole = AnomalyPixelMetric(("screw",))
    whole.process(None, samples)
    first, second = AnomalyPixelMetric(("screw",)), AnomalyPixelMetric(("screw",))
    first.process(None, samples[:2])
    second.process(None, samples[2:])
    expected = whole.evaluate(1)
    monkeypatch.setattr(streaming_module, "all_gather_object", lambda state: [state, second.state])
    assert first.evaluate(1) == pytest.approx(expected, abs=1e-12)


def test_pixel__central_share_leaves_the_margin_out():
    scores, mask = pictures(seed=6)[1]
    part = AnomalyPixelMetric(("screw",), central_share=0.5)
    part.update(pixel_sample(scores, mask))
    cut = AnomalyPixelMetric(("screw",))
    cut.update(pixel_sample(scores[6:18, 7:23], mask[6:18, 7:23]))
    assert part.state["positives"].sum() > 0
    for name, value in part.state.items():
        np.testing.assert_array_equal(value, cut.state[name])


def test_pixel__mistakes_raise():
    metric = AnomalyPixelMetric(("screw",))
    scores, mask = np.zeros((4, 4)), np.zeros((4, 4))
    with pytest.raises(DataError, match="category 'cable' is none of"):
        metric.update(pixel_sample(scores, mask, category="cable"))
    with pytest.raises(DataError, match=r"is \(4, 4\) .*the mask \(4, 5\)"):
        metric.update(pixel_sample(scores, np.zeros((4, 5))))
    with pytest.raises(DataError, match="holds NaN"):
        metric.update(pixel_sample(scores * np.nan, mask))
    metric.update(pixel_sample(scores, mask))
    with pytest.raises(DataError, match="needs? defective and good pixels"):
        metric.evaluate(1)
