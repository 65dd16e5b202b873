"""F-measures and absolute error against loops over pixels and scikit-learn."""

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score, fbeta_score

from argus.errors import DataError
from argus.evaluation.metrics import SaliencyMetric

SIZE = (10, 14)


def sample(prediction: np.ndarray, label: np.ndarray) -> dict[str, Any]:
    return {
        "img_path": "dog.jpg",
        "pred_saliency": {"data": torch.from_numpy(prediction.astype(np.float32))[None]},
        "gt_saliency": {"data": torch.from_numpy(label.astype(np.uint8))[None]},
    }


def random_pair(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Ignored pixels, probabilities on the thresholds and saturated ones included."""
    generator = np.random.default_rng(seed)
    label = (generator.random(SIZE) < 0.4).astype(np.uint8)
    probability = (0.5 * label + generator.random(SIZE) * 0.7).clip(0, 1)
    on_threshold = generator.random(SIZE) < 0.3
    probability[on_threshold] = np.round(probability[on_threshold] * 20) / 20
    label[generator.random(SIZE) < 0.2] = 255
    return probability.astype(np.float32), label


def valid_pixels(pairs: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    probability = np.concatenate([p[g != 255] for p, g in pairs]).astype(np.float64)
    return probability, np.concatenate([g[g != 255] for _, g in pairs])


def reference_max_f(values: np.ndarray, label: np.ndarray) -> float:
    best = 0.0
    for k in range(1, 20):
        tp = fp = fn = 0
        for value, salient in zip(values.tolist(), label.tolist(), strict=True):
            tp += value >= k / 20 and salient
            fp += value >= k / 20 and not salient
            fn += value < k / 20 and salient
        if tp:
            precision, recall = tp / (tp + fp), tp / (tp + fn)
            best = max(best, 1.3 * precision * recall / (0.3 * precision + recall))
    return best


def test_evaluate__equals_loops_and_scikit_learn() -> None:
    metric = SaliencyMetric()
    pairs = [random_pair(seed) for seed in range(4)]
    metric.process(None, [sample(*pair) for pair in pairs])
    found = metric.evaluate(4)
    values, label = valid_pixels(pairs)
    sigmoid = np.array([1 / (1 + math.exp(-value)) for value in values])
    assert found["maxF"] == pytest.approx(reference_max_f(values, label), abs=1e-12)
    assert found["maxF_sigmoid"] == pytest.approx(reference_max_f(sigmoid, label), abs=1e-12)
    learned = [fbeta_score(label, values >= k / 20, beta=math.sqrt(0.3)) for k in range(1, 20)]
    assert found["maxF"] == pytest.approx(max(learned), abs=1e-12)
    assert found["mF"] == pytest.approx(f1_score(label, values > 0.5, average="macro"), abs=1e-12)
    errors = [np.abs(p.astype(float) - g)[g != 255].mean() for p, g in pairs]
    assert found["MAE"] == pytest.approx(np.mean(errors), abs=1e-12)


def reference_max_f_image(pairs: list[tuple[np.ndarray, np.ndarray]]) -> float:
    """The toolboxes' protocol by a loop over thresholds and images, with fractions."""
    best = 0.0
    for k in range(1, 256):
        precision, recall = [], []
        for probability, label in pairs:
            valid = label != 255
            eight_bits = [round(255 * float(value)) for value in probability[valid]]
            found = np.array([Fraction(v, max(eight_bits)) >= Fraction(k, 255) for v in eight_bits])
            right = np.count_nonzero(found & (label[valid] == 1))
            precision.append(right / max(np.count_nonzero(found), 1))
            recall.append(right / np.count_nonzero(label == 1))
        p, r = np.mean(precision), np.mean(recall)
        best = max(best, 1.3 * p * r / (0.3 * p + r) if p and r else 0.0)
    return best


def test_evaluate__per_image_protocol_equals_loops() -> None:
    pairs = [random_pair(seed) for seed in range(3)]
    pairs[1] = (0.6 * pairs[1][0], pairs[1][1])  # divided by its maximum
    metric = SaliencyMetric()
    metric.process(None, [sample(*pair) for pair in pairs])
    assert metric.evaluate(3)["maxF_image"] == pytest.approx(reference_max_f_image(pairs))


def test_evaluate__a_small_object_counts_as_much_as_a_large_one_per_image() -> None:
    """Pooled, the missed small object is 4 of 74 pixels; per image, recall is a half."""
    large, small = np.zeros((2, *SIZE))
    large[:5] = 1
    small[:2, :2] = 1
    metric = SaliencyMetric()
    metric.update(sample(large, large))
    metric.update(sample(np.roll(small, 7, axis=1), small))
    found = metric.evaluate(2)
    assert found["maxF"] == pytest.approx(70 / 74)  # precision and recall
    assert found["maxF_image"] == pytest.approx(0.5)


def test_evaluate__measures_of_images_are_averaged() -> None:
    pairs = [random_pair(seed) for seed in range(3)]
    metric = SaliencyMetric()
    metric.process(None, [sample(*pair) for pair in pairs])
    found = metric.evaluate(3)
    single = []
    for pair in pairs:
        metric.update(sample(*pair))
        single.append(metric.evaluate(1))
    for name in ("S_measure", "E_mean", "MAE"):
        assert found[name] == pytest.approx(np.mean([values[name] for values in single]))
    assert found["E_mean"] < found["E_max"] <= np.mean([values["E_max"] for values in single])


@pytest.mark.parametrize("label", [0, 1])
def test_evaluate__per_image_without_an_object_or_a_prediction(label: int) -> None:
    metric = SaliencyMetric()
    metric.update(sample(np.full(SIZE, 1 - label), np.full(SIZE, label)))
    assert metric.evaluate(1)["maxF_image"] == 0.0


def test_evaluate__threshold_is_of_the_data_set() -> None:
    """Each image alone has a threshold with F = 1, both together have none."""
    metric = SaliencyMetric()
    label = np.zeros(SIZE)
    label[:5] = 1
    for low, high in ((0.1, 0.3), (0.6, 0.9)):
        metric.update(sample(np.where(label == 1, high, low), label))
    assert metric.evaluate(2)["maxF"] < 0.9


def test_evaluate__perfect_and_inverted() -> None:
    metric = SaliencyMetric()
    label = random_pair(0)[1]
    metric.update(sample(label == 1, label))
    perfect = metric.evaluate(1)
    for name in ("maxF", "maxF_sigmoid", "maxF_image", "mF", "S_measure"):
        assert perfect[name] == pytest.approx(1.0, abs=1e-12)
    assert perfect["MAE"] == perfect["skipped_images"] == 0.0
    num_pixels = np.count_nonzero(label != 255)
    assert perfect["E_max"] == pytest.approx(num_pixels / (num_pixels - 1))
    metric.update(sample(label != 1, label))
    found = metric.evaluate(1)
    assert (found["maxF"], found["mF"], found["MAE"]) == (0, 0, 1)
    # sigmoid(0) = 0.5: up to that threshold all is salient.
    share = np.mean(label[label != 255])
    assert found["maxF_sigmoid"] == pytest.approx(1.3 * share / (0.3 * share + 1), abs=1e-12)


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_evaluate__constant_predictions(value: float) -> None:
    metric = SaliencyMetric()
    label = random_pair(1)[1]
    metric.update(sample(np.full(SIZE, value), label))
    share = np.mean(label[label != 255] == 1)
    everything = 1.3 * share / (0.3 * share + 1)
    assert metric.evaluate(1)["maxF"] == pytest.approx(everything if value else 0.0, abs=1e-12)


def test_evaluate__no_salient_pixel() -> None:
    metric = SaliencyMetric()
    metric.update(sample(np.zeros(SIZE), np.zeros(SIZE)))
    found = metric.evaluate(1)
    assert (found["maxF"], found["mF"], found["MAE"]) == (0, 0.5, 0)


def test_update__image_without_valid_pixel_is_skipped_and_counted() -> None:
    metric = SaliencyMetric()
    metric.update(sample(np.zeros(SIZE), np.full(SIZE, 255)))
    with pytest.raises(DataError, match="no valid pixel in 1 image"):
        metric.compute(metric.state)
    metric.update(sample(*random_pair(0)))
    metric.update({"img_path": "no label"})
    assert metric.evaluate(3)["skipped_images"] == 1


def test_state__adds_up() -> None:
    whole, parts = SaliencyMetric(), [SaliencyMetric(), SaliencyMetric()]
    for seed in range(5):
        whole.update(sample(*random_pair(seed)))
        parts[seed % 2].update(sample(*random_pair(seed)))
    merged = {key: parts[0].state[key] + parts[1].state[key] for key in whole.state}
    found, expected = whole.compute(merged), whole.compute(whole.state)
    assert found == pytest.approx(expected, rel=1e-12)
    assert (found["maxF"], found["mF"]) == (expected["maxF"], expected["mF"])


def test_update__bad_maps() -> None:
    probability, label = random_pair(3)
    with pytest.raises(DataError, match=r"dog.jpg: .* Are these logits"):
        SaliencyMetric().update(sample(probability - 2, label))
    with pytest.raises(DataError, match=r"dog.jpg: expected 0, 1 and 255"):
        SaliencyMetric().update(sample(probability, label + 3))
    with pytest.raises(DataError, match=r"dog.jpg: expected pred_saliency of the label's size"):
        SaliencyMetric().update(sample(probability[:4], label))
    probability[0, 0] = np.nan
    with pytest.raises(DataError, match=r"dog.jpg: pred_saliency is NaN or infinite in 1 value"):
        SaliencyMetric().update(sample(probability, label))
