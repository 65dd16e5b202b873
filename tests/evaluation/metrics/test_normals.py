"""Angular errors against loops over pixels."""

import math
from typing import Any

import numpy as np
import pytest
import torch

from argus.errors import DataError
from argus.evaluation.metrics import NormalsMetric
from argus.evaluation.metrics.normals import angular_errors

SIZE = (11, 13)


def sample(prediction: np.ndarray, label: np.ndarray) -> dict[str, Any]:
    return {
        "img_path": "hall.png",
        "pred_normals": {"data": torch.from_numpy(prediction.astype(np.float32))},
        "gt_normals": {"data": torch.from_numpy(label.astype(np.float32))},
    }


def random_pair(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Unit labels with holes, predictions of any length near them, some zero."""
    generator = np.random.default_rng(seed)
    label = generator.standard_normal((3, *SIZE))
    label /= np.linalg.norm(label, axis=0)
    prediction = label + generator.normal(0, 0.4, label.shape)
    prediction *= generator.uniform(0.1, 5, SIZE) * (generator.random(SIZE) > 0.05)
    label *= generator.random(SIZE) > 0.3
    return prediction.astype(np.float32), label.astype(np.float32)


def reference_angles(prediction: np.ndarray, label: np.ndarray) -> list[float]:
    angles = []
    for p, g in zip(prediction.reshape(3, -1).T, label.reshape(3, -1).T, strict=True):
        p, g = [float(value) for value in p], [float(value) for value in g]
        if g == [0, 0, 0]:
            continue
        lengths = math.hypot(*p) * math.hypot(*g)
        dot = sum(a * b for a, b in zip(p, g, strict=True))
        cosine = dot / lengths if lengths else 0.0
        angles.append(math.degrees(math.acos(min(max(cosine, -1.0), 1.0))))
    return angles


def test_evaluate__equals_the_loop() -> None:
    metric = NormalsMetric()
    pairs = [random_pair(seed) for seed in range(4)]
    metric.process(None, [sample(*pair) for pair in pairs])
    found = metric.evaluate(4)
    angles = np.array([angle for pair in pairs for angle in reference_angles(*pair)])
    assert found["mErr"] == pytest.approx(angles.mean(), rel=1e-7)
    assert found["rmse"] == pytest.approx(np.sqrt((angles**2).mean()), rel=1e-7)
    assert found["median"] == pytest.approx(np.median(angles), abs=5.1e-4)
    for name, limit in (("within_11_25", 11.25), ("within_22_5", 22.5), ("within_30", 30)):
        assert found[name] == pytest.approx((angles < limit).mean(), abs=1e-12)


@pytest.mark.parametrize("angle", [0.0, 1e-7, 0.001, 11.25, 90.0, 179.9999, 180.0])
def test_angular_errors__of_known_angles(angle: float) -> None:
    turned = np.array([[math.cos(math.radians(angle))], [math.sin(math.radians(angle))], [0.0]])
    label = np.array([[1.0], [0.0], [0.0]])
    for scale in (1e-30, 1.0, 1e30):
        found = angular_errors(scale * turned, label)
        np.testing.assert_allclose(found, angle, rtol=1e-9, atol=1e-12)


def test_evaluate__identical_and_opposite() -> None:
    label = random_pair(0)[1]
    for sign, error, share in ((1, 0, 1.0), (-1, 180, 0.0)):
        metric = NormalsMetric()
        metric.update(sample(sign * label, label))
        found = metric.evaluate(1)
        assert found["mErr"] == pytest.approx(error, abs=1e-5)
        assert found["median"] == pytest.approx(error, abs=1e-3)
        assert found["within_11_25"] == share


def test_evaluate__median_of_an_even_number_lies_between() -> None:
    label = np.zeros((3, 1, 4))
    label[0] = 1
    radians = np.radians([10.0, 20.0, 50.0, 60.0])
    prediction = np.stack([np.cos(radians), np.sin(radians), 0 * radians])[:, None]
    metric = NormalsMetric()
    metric.update(sample(prediction, label))
    assert metric.evaluate(1)["median"] == pytest.approx(35, abs=1e-3)


def test_update__zero_prediction_is_at_90_degrees() -> None:
    label = random_pair(1)[1]
    metric = NormalsMetric()
    metric.update(sample(0 * label, label))
    assert metric.evaluate(1)["mErr"] == pytest.approx(90, abs=1e-12)


def test_state__adds_up() -> None:
    whole, parts = NormalsMetric(), [NormalsMetric(), NormalsMetric()]
    for seed in range(5):
        whole.update(sample(*random_pair(seed)))
        parts[seed % 2].update(sample(*random_pair(seed)))
    merged = {key: parts[0].state[key] + parts[1].state[key] for key in whole.state}
    assert whole.compute(merged) == pytest.approx(whole.compute(whole.state), rel=1e-12)
    np.testing.assert_array_equal(merged["histogram"], whole.state["histogram"])


def test_compute__no_valid_pixel() -> None:
    metric = NormalsMetric()
    metric.update(sample(np.ones((3, *SIZE)), np.zeros((3, *SIZE))))
    metric.update({"img_path": "no label"})
    with pytest.raises(DataError, match="in 1 image"):
        metric.evaluate(2)


def test_update__bad_maps() -> None:
    prediction, label = random_pair(2)
    with pytest.raises(DataError, match=r"hall.png: expected normals \(3, H, W\)"):
        NormalsMetric().update(sample(prediction[:2], label))
    with pytest.raises(DataError, match=r"hall.png: expected pred_normals of the label's size"):
        NormalsMetric().update(sample(prediction[:, :5], label))
    prediction[1, 2, 3] = np.nan
    with pytest.raises(DataError, match=r"hall.png: pred_normals is NaN or infinite in 1 value"):
        NormalsMetric().update(sample(prediction, label))
