"""Measures of one saliency map against the papers' definitions, pixel by pixel."""

import numpy as np
import pytest

from argus.evaluation.metrics.saliency_image import (
    NUM_LEVELS,
    as_toolboxes_read,
    count_at_least,
    enhanced_alignment,
    precision_recall,
    structure_measure,
)

SIZE = (11, 14)


def random_map(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A map whose values are k / 255, and a label of one blob and some noise."""
    rng = np.random.default_rng(seed)
    label = np.zeros(SIZE, np.uint8)
    top, left = rng.integers(0, 6, 2)
    label[top : top + 5, left : left + 6] = 1
    noise = rng.random(SIZE)
    return np.rint(255 * (0.6 * label + 0.4 * noise)) / 255, label


def counts_of(prediction: np.ndarray, label: np.ndarray) -> np.ndarray:
    valid = label != 255
    levels = as_toolboxes_read(prediction)[1][valid]
    return count_at_least(levels, label[valid].astype(int), num_levels=NUM_LEVELS)


def reference_alignment(found: np.ndarray, label: np.ndarray) -> float:
    """Equations 2 to 4 of the paper on whole matrices, with its code's special cases."""
    if label.all() or not label.any():
        right = found if label.all() else 1 - found
        return right.sum() / (label.size - 1)
    a, b = found - found.mean(), label - label.mean()
    alignment = 2 * a * b / (a * a + b * b)
    return ((1 + alignment) ** 2 / 4).sum() / (label.size - 1)


def similarity(x: np.ndarray, y: np.ndarray) -> float:
    x, y = x.ravel(), y.ravel()
    if x.size == 1:
        return float(x.size > 0)  # no variance: alpha and beta are 0
    covariance = np.cov(x, y)
    alpha = 4 * x.mean() * y.mean() * covariance[0, 1]
    beta = (x.mean() ** 2 + y.mean() ** 2) * (covariance[0, 0] + covariance[1, 1])
    return alpha / beta if alpha else float(beta == 0)


def reference_structure(prediction: np.ndarray, label: np.ndarray) -> float:
    def of_object(values: np.ndarray) -> float:
        return 2 * values.mean() / (values.mean() ** 2 + 1 + values.std(ddof=1))

    share = label.mean()
    by_object = share * of_object(prediction[label == 1])
    by_object += (1 - share) * of_object(1 - prediction[label == 0])
    rows, columns = np.nonzero(label)
    # MATLAB counts from 1 and rounds halves up.
    y, x = int(rows.mean() + 1.5), int(columns.mean() + 1.5)
    by_region = 0.0
    for part in (np.s_[:y, :x], np.s_[:y, x:], np.s_[y:, :x], np.s_[y:, x:]):
        if label[part].size:
            by_region += label[part].size / label.size * similarity(prediction[part], label[part])
    return max(0.0, 0.5 * by_object + 0.5 * by_region)


def test_reading__is_exact_for_maps_of_8_bits() -> None:
    every = np.arange(256) / 255
    values, levels = as_toolboxes_read(every)
    np.testing.assert_array_equal(levels, np.arange(256))
    np.testing.assert_array_equal(values, every)
    values, levels = as_toolboxes_read(np.array([0.0, 51.0, 85.0]) / 255)
    assert levels.tolist() == [0, 153, 255] and values.tolist() == [0, 0.6, 1]
    assert not as_toolboxes_read(np.zeros(3))[1].any()


@pytest.mark.parametrize("seed", range(4))
def test_curves__equal_the_definitions_at_every_level(seed: int) -> None:
    prediction, label = random_map(seed)
    prediction = prediction / prediction.max()
    counts = counts_of(prediction, label)
    precision, recall = precision_recall(counts)
    alignment = enhanced_alignment(counts)
    levels = as_toolboxes_read(prediction)[1]
    for level in range(NUM_LEVELS):
        found = levels >= level
        right = np.count_nonzero(found & (label == 1))
        assert precision[level] == pytest.approx(right / max(np.count_nonzero(found), 1))
        assert recall[level] == pytest.approx(right / label.sum())
        assert alignment[level] == pytest.approx(reference_alignment(found * 1.0, label * 1.0))


@pytest.mark.parametrize("value", [0, 1])
def test_alignment__label_without_contrast(value: int) -> None:
    prediction, label = random_map(0)[0], np.full(SIZE, value, np.uint8)
    levels = as_toolboxes_read(prediction)[1]
    expected = [reference_alignment(1.0 * (levels >= level), label) for level in range(256)]
    np.testing.assert_allclose(enhanced_alignment(counts_of(prediction, label)), expected)


@pytest.mark.parametrize("seed", range(6))
def test_structure__equals_the_definition(seed: int) -> None:
    prediction, label = random_map(seed)
    found = structure_measure(prediction, label)
    assert found == pytest.approx(reference_structure(prediction, label * 1.0), abs=1e-12)
    assert 0.5 < found < 1


def test_structure__objects_at_the_border_and_of_one_pixel() -> None:
    prediction, label = random_map(1)[0], np.zeros(SIZE, np.uint8)
    label[-2:, -1] = 1  # the lower quarters are empty
    expected = reference_structure(prediction, label * 1.0)
    assert structure_measure(prediction, label) == pytest.approx(expected, abs=1e-12)
    label[-2:, -1] = 0, 1
    assert 0 <= structure_measure(prediction, label) < 1


def test_structure__without_contrast_in_the_label() -> None:
    prediction = random_map(2)[0]
    nothing, all_of_it = np.zeros(SIZE, np.uint8), np.ones(SIZE, np.uint8)
    assert structure_measure(prediction, nothing) == pytest.approx(1 - prediction.mean())
    assert structure_measure(prediction, all_of_it) == pytest.approx(prediction.mean())


def test_measures__of_the_label_itself_and_of_its_opposite() -> None:
    label = random_map(3)[1]
    assert structure_measure(1.0 * label, label) == pytest.approx(1.0)
    assert structure_measure(1.0 - label, label) == 0.0
    perfect = enhanced_alignment(counts_of(1.0 * label, label))
    assert perfect.max() == pytest.approx(label.size / (label.size - 1))


def test_measures__ignored_pixels_do_not_matter() -> None:
    prediction, label = random_map(4)
    label[:, 9:] = 255
    other = prediction.copy()
    other[:, 9:] = 1 - other[:, 9:]
    cut = prediction[:, :9], label[:, :9]
    np.testing.assert_array_equal(counts_of(other, label)[:, 0], counts_of(*cut)[:, 0])
    for values in (prediction, other):
        assert structure_measure(values, label) == pytest.approx(structure_measure(*cut))
