"""Areas under the ROC curve against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from argus.evaluation.metrics.auroc import auroc, histogram_auroc, tied_share
from argus.evaluation.metrics.score_bins import NUM_BINS, score_bins

RNG = np.random.default_rng(0)


def histograms(scores: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    bins = score_bins(scores)
    return (
        np.bincount(bins[labels], minlength=NUM_BINS),
        np.bincount(bins[~labels], minlength=NUM_BINS),
    )


@pytest.mark.parametrize("levels", [2, 3, 7, 10**6], ids=lambda n: f"{n}_levels")
@pytest.mark.parametrize("share", [0.02, 0.5, 0.97])
def test_auroc__equals_scikit_learn(levels, share):
    for _ in range(5):
        scores = RNG.integers(0, levels, 200) / levels
        labels = RNG.random(200) < share
        labels[:2] = True, False
        assert auroc(scores, labels) == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)


def test_auroc__constant_scores_are_chance():
    assert auroc(np.full(9, 3.5), np.arange(9) < 2) == 0.5


def test_auroc__perfect_and_inverted():
    labels = np.array([0, 0, 1, 1])
    assert auroc(np.array([-5.0, 0.0, 1e-9, 2.0]), labels) == 1.0
    assert auroc(np.array([2.0, 1e-9, 0.0, -5.0]), labels) == 0.0


def test_bins__keep_the_order():
    special = [-np.inf, -3e38, -1.0, -1e-40, -0.0, 0.0, 1e-40, 1e-38, 1.0, 3e38, np.inf]
    scores = np.sort(np.append(RNG.standard_normal(10000) ** 5, special).astype(np.float32))
    bins = score_bins(scores)
    assert (np.diff(bins) >= 0).all()
    assert bins.min() >= 0 and bins.max() < NUM_BINS
    assert score_bins(np.float32([-0.0])) == score_bins(np.float32([0.0]))


def test_bins__are_narrow():
    scores = np.float32(RNG.uniform(1e-3, 1e3, 1000))
    assert (score_bins(scores * np.float32(1 + 1 / 1000)) > score_bins(scores)).all()


@pytest.mark.parametrize(
    ("draw", "tolerance"),
    [
        (lambda labels: RNG.standard_normal(labels.size) + labels, 1e-4),
        (lambda labels: 100 + 20 * RNG.random(labels.size) + 10 * labels, 1e-4),
        (lambda labels: RNG.integers(0, 3, labels.size) * 1.0, 1e-12),
        # Probabilities that crowd just below 1, where float32 itself has few values.
        (lambda labels: 1 / (1 + np.exp(-4 * RNG.standard_normal(labels.size) - 5 * labels)), 1e-3),
    ],
    ids=["normal", "shifted", "ties", "probability"],
)
def test_histogram_auroc__within_its_tolerance_of_scikit_learn(draw, tolerance):
    labels = RNG.random(40000) < 0.03
    scores = draw(labels).astype(np.float32)
    found = histogram_auroc(*histograms(scores, labels))
    assert found == pytest.approx(roc_auc_score(labels, scores), abs=tolerance)


def test_histogram_auroc__error_is_bounded_by_the_ties():
    # Adversarial: all that tells the labels apart lies below the width of a bin.
    labels = np.arange(1000) % 2 > 0
    scores = np.float32(1000 + labels * 0.1 + RNG.random(1000) * 0.1)
    positives, negatives = histograms(scores, labels)
    error = abs(histogram_auroc(positives, negatives) - roc_auc_score(labels, scores))
    assert 0.1 < error <= tied_share(positives, negatives) / 2
