"""Depth errors against loops over pixels."""

import math
from typing import Any

import numpy as np
import pytest
import torch

from argus.errors import ConfigError, DataError
from argus.evaluation.metrics import DepthMetric

SIZE = (9, 12)


def sample(prediction: np.ndarray, label: np.ndarray) -> dict[str, Any]:
    return {
        "img_path": "kitchen.png",
        "pred_depth": {"data": torch.from_numpy(prediction.astype(np.float32))[None]},
        "gt_depth": {"data": torch.from_numpy(label.astype(np.float32))[None]},
    }


def random_pair(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels with holes and values beyond the limits; predictions below 0 and above 10."""
    generator = np.random.default_rng(seed)
    label = generator.uniform(0.5, 11, SIZE) * (generator.random(SIZE) > 0.3)
    prediction = label * generator.normal(1, 0.3, SIZE) + generator.normal(0, 0.5, SIZE)
    return prediction.astype(np.float32), label.astype(np.float32)


def reference(prediction: np.ndarray, label: np.ndarray) -> dict[str, float]:
    pixels = []
    for p, g in zip(prediction.ravel().tolist(), label.ravel().tolist(), strict=True):
        if 1e-3 < g < 10:
            pixels.append((min(max(p, 1e-3), 10.0), g))
    n = len(pixels)
    logs = [math.log(p) - math.log(g) for p, g in pixels]
    ratios = [max(p / g, g / p) for p, g in pixels]
    return {
        "rmse": math.sqrt(sum((p - g) ** 2 for p, g in pixels) / n),
        "abs_rel": sum(abs(p - g) / g for p, g in pixels) / n,
        "sq_rel": sum((p - g) ** 2 / g for p, g in pixels) / n,
        "rmse_log": math.sqrt(sum(x * x for x in logs) / n),
        "log10": sum(abs(math.log10(p) - math.log10(g)) for p, g in pixels) / n,
        "silog": math.sqrt(sum(x * x for x in logs) / n - (sum(logs) / n) ** 2),
        "delta1": sum(r < 1.25 for r in ratios) / n,
        "delta2": sum(r < 1.25**2 for r in ratios) / n,
        "delta3": sum(r < 1.25**3 for r in ratios) / n,
    }


def test_evaluate__is_the_mean_of_the_images() -> None:
    metric = DepthMetric(crop=None)
    pairs = [random_pair(seed) for seed in range(5)]
    metric.process(None, [sample(*pair) for pair in pairs])
    found = metric.evaluate(5)
    images = [reference(*pair) for pair in pairs]
    for name in images[0]:
        expected = sum(image[name] for image in images) / len(images)
        assert found[name] == pytest.approx(expected, rel=1e-9, abs=1e-12), name
    pooled = reference(*(np.concatenate(maps) for maps in zip(*pairs, strict=True)))
    assert found["rmse_pooled"] == pytest.approx(pooled["rmse"], rel=1e-9)
    assert found["skipped_images"] == 0


def test_evaluate__perfect_and_by_hand() -> None:
    metric = DepthMetric(crop=None)
    label = np.full(SIZE, 2.0)
    metric.update(sample(label, label))
    found = metric.evaluate(1)
    assert found["rmse"] == found["abs_rel"] == found["silog"] == 0
    assert found["delta1"] == found["delta3"] == 1
    metric.update(sample(label * 1.5, label))  # constant in the logarithm: silog is 0
    found = metric.evaluate(1)
    assert (found["rmse"], found["abs_rel"], found["sq_rel"]) == (1.0, 0.5, 0.5)
    assert found["rmse_log"] == pytest.approx(math.log(1.5))
    assert found["silog"] == pytest.approx(0, abs=1e-12)
    assert (found["delta1"], found["delta2"], found["delta3"]) == (0, 1, 1)


def test_update__eigen_crop_is_exact() -> None:
    label = np.zeros((480, 640))
    label[45:471, 41:601] = 2
    prediction = np.where(label > 0, 3.0, 9.0)
    label[label == 0] = 5  # outside, and wrong
    metric = DepthMetric()
    metric.update(sample(prediction, label))
    assert metric.state["pixels"] == 426 * 560
    assert metric.compute(metric.state)["rmse"] == 1
    given = DepthMetric(crop=[[45, 471], [41, 601]])
    given.update(sample(prediction, label))
    assert given.compute(given.state) == metric.compute(metric.state)


def test_update__median_scaling_removes_a_factor() -> None:
    label = np.random.default_rng(0).uniform(1, 5, SIZE).astype(np.float32)
    metric = DepthMetric(crop=None, median_scaling=True)
    metric.update(sample(label / 4, label))
    assert metric.evaluate(1)["rmse"] == pytest.approx(0, abs=1e-6)
    with pytest.raises(DataError, match=r"kitchen.png: median_scaling"):
        metric.update(sample(label * 0, label))


def test_update__image_without_valid_pixel_is_skipped_and_counted() -> None:
    metric = DepthMetric(crop=None)
    metric.update(sample(np.ones(SIZE), np.zeros(SIZE)))
    metric.update(sample(np.ones(SIZE), np.full(SIZE, 10.0)))
    with pytest.raises(DataError, match="none in 2 images"):
        metric.compute(metric.state)
    metric.update(sample(np.full(SIZE, 3.0), np.full(SIZE, 2.0)))
    metric.update({"img_path": "no label"})
    found = metric.evaluate(4)
    assert (found["rmse"], found["skipped_images"]) == (1.0, 2.0)


def test_state__adds_up() -> None:
    whole, parts = DepthMetric(crop=None), [DepthMetric(crop=None), DepthMetric(crop=None)]
    for seed in range(5):
        whole.update(sample(*random_pair(seed)))
        parts[seed % 2].update(sample(*random_pair(seed)))
    merged = {key: parts[0].state[key] + parts[1].state[key] for key in whole.state}
    found, expected = whole.compute(merged), whole.compute(whole.state)
    assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_update__not_finite_names_the_image(value: float) -> None:
    prediction = np.ones(SIZE)
    prediction[0, 0] = value
    with pytest.raises(DataError, match=r"kitchen.png: pred_depth is NaN or .* in 1 value of 108"):
        DepthMetric(crop=None).update(sample(prediction, np.zeros(SIZE)))


def test_update__wrong_sizes() -> None:
    with pytest.raises(DataError, match=r"kitchen.png: expected pred_depth of the label's size"):
        DepthMetric(crop=None).update(sample(np.ones((3, 4)), np.ones(SIZE)))
    with pytest.raises(DataError, match="crop=None"):
        DepthMetric().update(sample(np.ones(SIZE), np.ones(SIZE)))
    with pytest.raises(DataError, match="holds"):
        DepthMetric(crop=((0, 10), (0, 5))).update(sample(np.ones(SIZE), np.ones(SIZE)))


@pytest.mark.parametrize("crop", ["garg", ((5, 2), (0, 3)), (1, 2, 3, 4), ((0, 5),)])
def test_init__bad_crop(crop: Any) -> None:
    with pytest.raises(ConfigError, match="crop: expected 'eigen'"):
        DepthMetric(crop=crop)


def test_init__bad_limits() -> None:
    with pytest.raises(ConfigError, match="min_depth"):
        DepthMetric(0.0)
