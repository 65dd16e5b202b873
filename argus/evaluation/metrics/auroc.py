"""Area under the ROC curve, from scores or from histograms."""

import numpy as np
from scipy.stats import rankdata


def auroc(scores: np.ndarray, labels: np.ndarray) -> float:
    """Probability that a positive scores higher than a negative; a tie counts one half.

    Exact (Mann and Whitney, 1947), by ranks.

    Args:
        scores: (N,).
        labels: (N,) bool or 0 and 1; both have to occur.
    """
    positive = np.asarray(labels, bool)
    num_positive, num_negative = int(positive.sum()), int((~positive).sum())
    assert num_positive and num_negative, "both labels have to occur"
    rank_sum = rankdata(scores)[positive].sum()
    wins = rank_sum - num_positive * (num_positive + 1) / 2
    return float(wins / (num_positive * num_negative))


def histogram_auroc(positives: np.ndarray, negatives: np.ndarray) -> float:
    """The same from counts per bin of the score, in ascending order; one bin is a tie.

    Args:
        positives: (B,) counts, not all zero.
        negatives: (B,) counts, not all zero.
    """
    below = np.cumsum(negatives, dtype=np.float64) - negatives
    wins = (positives * (below + 0.5 * negatives)).sum()
    return float(wins / (positives.sum(dtype=np.float64) * negatives.sum(dtype=np.float64)))


def tied_share(positives: np.ndarray, negatives: np.ndarray) -> float:
    """Share of the pairs of a positive and a negative that lie in one bin.

    Half of it bounds the error of :func:`histogram_auroc`.
    """
    tied = (positives.astype(np.float64) * negatives).sum()
    return float(tied / (positives.sum(dtype=np.float64) * negatives.sum(dtype=np.float64)))
