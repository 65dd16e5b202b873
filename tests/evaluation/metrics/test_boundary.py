"""odsF, oisF and AP against a straight evaluation of small maps, and by hand."""

from typing import Any

import numpy as np
import pytest
from scipy import ndimage
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from argus.errors import ConfigError, DataError
from argus.evaluation.boundary.thinning import thin
from argus.evaluation.metrics import BoundaryMetric
from argus.evaluation.metrics.boundary import average_precision
from tests.evaluation.boundary.test_suppression import reference_ridges
from tests.evaluation.boundary.test_thinning import reference_thin

SIZE = (18, 22)


def sample(prediction: np.ndarray, label: np.ndarray) -> dict[str, Any]:
    label = label if label.ndim == 3 else label[None]
    return {
        "img_path": "room.png",
        "pred_boundary": {"data": prediction[None].astype(np.float32)},
        "gt_boundary": {"data": label.astype(np.uint8)},
    }


def random_pair(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A smooth probability that knows something of the label."""
    generator = np.random.default_rng(seed)
    label = np.abs(ndimage.gaussian_filter(generator.standard_normal(SIZE), 2)) < 0.02
    noise = ndimage.gaussian_filter(generator.standard_normal(SIZE), 1)
    return 1 / (1 + np.exp(-(5 * ndimage.gaussian_filter(1.0 * label, 1) + 4 * noise - 2))), label


def reference_counts(
    prediction: np.ndarray, label: np.ndarray, tolerance: float, *, suppress: bool = True
) -> np.ndarray:
    """(4, 99) by one assignment problem per threshold, cheapest with the most matches."""
    quantised = np.rint(prediction.astype(np.float32).astype(float) * 255) / 255
    kept = reference_ridges(quantised) if suppress else np.ones(SIZE, bool)
    target = np.argwhere(reference_thin(label))
    reach = tolerance * np.hypot(*SIZE)
    counts = np.zeros((4, 99), int)
    for k in range(1, 100):
        on = kept & (np.rint(100 * 255 * quantised) > 255 * k)
        points = np.argwhere(reference_thin(on))
        costs = cdist(points, target)
        costs[costs > reach] = 1e6
        rows, columns = linear_sum_assignment(costs)
        matched = np.count_nonzero(costs[rows, columns] < 1e6)
        counts[:, k - 1] = matched, len(target), matched, len(points)
    return counts


def f(counts: np.ndarray) -> np.ndarray:
    """2 TP / (labels + predictions)."""
    return 2 * counts[0] / np.maximum(counts[1] + counts[3], 1)


def test_compute__equals_the_straight_evaluation() -> None:
    metric = BoundaryMetric(tolerance=0.08)
    pairs = [random_pair(seed) for seed in range(4)]
    counts = [reference_counts(*pair, 0.08) for pair in pairs]
    for pair in pairs:
        metric.update(sample(*pair))
    np.testing.assert_array_equal(metric.state["counts"], sum(counts))
    found = metric.evaluate(4)
    assert found["odsF"] == pytest.approx(f(sum(counts)).max(), abs=1e-12)
    best = [c[:, f(c).argmax()] for c in counts]
    assert found["oisF"] == pytest.approx(f(sum(best)), abs=1e-12)
    assert 0.3 < found["odsF"] <= found["oisF"] < 1


def test_update__without_suppression() -> None:
    metric = BoundaryMetric(tolerance=0.05, suppress=False)
    pair = random_pair(7)
    metric.update(sample(*pair))
    expected = reference_counts(*pair, 0.05, suppress=False)
    np.testing.assert_array_equal(metric.state["counts"], expected)


@pytest.mark.parametrize("seed", range(4))
def test_evaluate__label_as_prediction_scores_1(seed: int) -> None:
    label = random_pair(seed)[1]
    for prediction in (label, thin(label)):
        metric = BoundaryMetric(tolerance=0.0)
        metric.update(sample(prediction, label))
        # A binary map has one recall and no curve: the benchmarks' area is 0.
        assert metric.evaluate(1) == {"odsF": 1.0, "oisF": 1.0, "AP": 0.0}


def test_update__shift_within_and_beyond_the_tolerance() -> None:
    label, prediction = np.zeros((2, 60, 80), bool)  # the diagonal is 100
    label[10:50, 20] = prediction[10:50, 23] = True
    for tolerance, expected in ((0.03, 1.0), (0.029, 0.0)):
        metric = BoundaryMetric(tolerance)
        metric.update(sample(prediction, label))
        assert metric.evaluate(1)["odsF"] == expected


def test_update__two_lines_do_not_share_one() -> None:
    label, prediction = np.zeros((2, 60, 80), bool)
    label[10:50, 20] = True
    prediction[10:50, [18, 22]] = True
    metric = BoundaryMetric(0.03)
    metric.update(sample(prediction, label))
    assert metric.state["counts"][:, 0].tolist() == [40, 40, 40, 80]


def test_update__thresholds_are_exclusive_in_8_bits() -> None:
    """51 / 255 is 0.2 and not above it, as SEISM has it; 0.1 becomes 26 / 255, above 0.1."""
    for value, passed in ((0.2, 19), (0.1, 10), (0.0, 0), (0.004, 0), (0.99, 98), (1.0, 99)):
        prediction, label = np.zeros((2, 9, 9))
        label[4] = 1
        prediction[4] = value
        metric = BoundaryMetric()
        metric.update(sample(prediction, label))
        assert (metric.state["counts"][3] > 0).sum() == passed


def test_update__border_fades() -> None:
    prediction, label = np.zeros((2, 30, 40))
    label[:, 10] = prediction[:, 10] = 1
    metric = BoundaryMetric(border=5)
    metric.update(sample(prediction, label))
    predicted = metric.state["counts"][3]
    # Rows 0 and 29 are gone, rows 1 and 28 count 0.2, and so on up to 1.
    assert predicted[[0, 18, 19, 38, 39, 98]].tolist() == [28, 28, 26, 26, 24, 20]


def test_update__border_is_at_most_half_of_the_image() -> None:
    """SEISM: a map of 6 rows fades over 3, of which the innermost count 2 / 3."""
    prediction, label = np.zeros((2, 6, 40))
    label[:, 10] = prediction[:, 10] = 1
    metric = BoundaryMetric(border=5)
    metric.update(sample(prediction, label))
    predicted = metric.state["counts"][3]
    assert predicted[[0, 32, 33, 65, 66]].tolist() == [4, 4, 2, 2, 0]


def test_update__border_changes_the_score() -> None:
    """A line along the border is not seen, and counts as missed: 28 of 68 pixels."""
    prediction, label = np.zeros((2, 30, 40))
    label[0] = prediction[0] = 1
    label[1:, 10] = prediction[1:, 10] = 1
    scores = {}
    for border in (0, 5):
        metric = BoundaryMetric(tolerance=0.0, border=border)
        metric.update(sample(prediction, label))
        scores[border] = metric.evaluate(1)["odsF"]
    labels = thin(label == 1)
    rows = np.count_nonzero(labels[1:29])
    assert scores[0] == 1.0
    assert scores[5] == pytest.approx(2 * rows / (rows + np.count_nonzero(labels)))


def test_update__ignored_pixels_count_nowhere() -> None:
    prediction, label = random_pair(3)
    label = label.astype(np.uint8)
    label[:, 11:] = 255
    metric = BoundaryMetric(0.05, suppress=False)
    metric.update(sample(prediction, label))
    cut = np.where(label == 255, 0, prediction)
    expected = reference_counts(cut, label == 1, 0.05, suppress=False)
    np.testing.assert_array_equal(metric.state["counts"], expected)


def test_update__several_annotations() -> None:
    label = np.zeros((2, 40, 40), bool)
    label[0, 5:35, 10] = label[1, 5:35, 30] = True
    metric = BoundaryMetric()
    metric.update(sample(label[0], label))
    assert metric.state["counts"][:, 50].tolist() == [30, 60, 30, 30]


def test_update__of_equal_thresholds_the_lowest_counts_for_oisF() -> None:
    """As in both benchmarks: all that is found nowhere right counts as wrong."""
    label, prediction = np.zeros((2, 40, 40))
    label[5:35, 10] = 1
    prediction[5:35, 30] = 0.5
    metric = BoundaryMetric()
    metric.update(sample(prediction, label))
    assert metric.state["best_counts"].tolist() == [0, 30, 0, 30]


def test_state__adds_up() -> None:
    whole, parts = BoundaryMetric(0.05), [BoundaryMetric(0.05), BoundaryMetric(0.05)]
    for seed in range(5):
        whole.update(sample(*random_pair(seed)))
        parts[seed % 2].update(sample(*random_pair(seed)))
    merged = {key: parts[0].state[key] + parts[1].state[key] for key in whole.state}
    assert whole.compute(merged) == whole.compute(whole.state)


def test_update__constant_predictions_and_no_label() -> None:
    metric = BoundaryMetric()
    label = random_pair(0)[1]
    metric.update(sample(np.zeros(SIZE), label))
    assert metric.compute(metric.state) == {"odsF": 0.0, "oisF": 0.0, "AP": 0.0}
    metric.update(sample(np.ones(SIZE), label))
    metric.update(sample(np.full(SIZE, 0.5), label & False))
    metric.update({"pred_boundary": {"data": np.zeros((1, *SIZE))}})
    assert metric.state["images"] == 3
    assert 0 < metric.compute(metric.state)["odsF"] < 0.5


def test_compute__nothing_to_find_is_an_error() -> None:
    metric = BoundaryMetric()
    metric.update(sample(np.zeros(SIZE), np.zeros(SIZE)))
    with pytest.raises(DataError, match="none in 1 image"):
        metric.evaluate(1)


@pytest.mark.parametrize(
    ("prediction", "label", "message"),
    [
        (
            np.full(SIZE, np.nan),
            np.zeros(SIZE),
            r"pred_boundary is NaN or infinite in 396 values",
        ),
        (np.zeros((5, 5)), np.zeros(SIZE), r"room.png: expected pred_boundary of the label's size"),
        (np.full(SIZE, 3.0), np.zeros(SIZE), r"room.png: .* logits"),
        (np.zeros(SIZE), np.full(SIZE, 2), r"room.png: expected 0, 1 and 255"),
    ],
)
def test_update__bad_maps(prediction: np.ndarray, label: np.ndarray, message: str) -> None:
    with pytest.raises(DataError, match=message):
        BoundaryMetric().update(sample(prediction, label))


def test_update__missing_prediction() -> None:
    with pytest.raises(DataError, match="expected a prediction pred_boundary"):
        BoundaryMetric().update({"gt_boundary": {"data": np.zeros((1, 4, 4), np.uint8)}})


def test_init__bad_arguments() -> None:
    with pytest.raises(ConfigError, match="tolerance"):
        BoundaryMetric(1.1)
    with pytest.raises(ConfigError, match="border"):
        BoundaryMetric(border=-1)


def test_average_precision__by_hand() -> None:
    """Precision 1 at recall 0.25, 0.5 at recall 0.5: nothing, falling, nothing."""
    counts = np.zeros((4, 99), int)
    counts[:, :50] = np.array([[2], [4], [2], [4]])
    counts[:, 50:] = np.array([[1], [4], [1], [1]])
    expected = 1.0 + sum(1 - 0.5 * step / 25 for step in range(1, 26))
    assert average_precision(counts) == pytest.approx(expected / 100, abs=1e-12)


def test_average_precision__nothing_found_at_the_highest_thresholds() -> None:
    """Precision 0 at recall 0, then a line to what the last threshold that finds any finds."""
    counts = np.zeros((4, 99), int)
    counts[:, :50] = np.array([[2], [4], [2], [4]])
    counts[1] = 4
    expected = sum(0.5 * step / 50 for step in range(51))
    assert average_precision(counts) == pytest.approx(expected / 100, abs=1e-12)


def test_average_precision__of_equal_recalls_the_lowest_threshold_counts() -> None:
    counts = np.zeros((4, 99), int)
    counts[:, :20] = np.array([[4], [4], [4], [4]])
    counts[:, 20:60] = np.array([[2], [4], [2], [8]])
    counts[:, 60:] = np.array([[2], [4], [2], [2]])
    expected = sum(0.25 + 0.75 * step / 50 for step in range(51))
    assert average_precision(counts) == pytest.approx(expected / 100, abs=1e-12)
