"""Bins of fixed memory for scores of any range: the upper bits of a float32, in its order."""

import numpy as np

NUM_BITS = 20
"""Sign, exponent and eleven bits of the mantissa: a bin is at most 1/2048 of its score wide."""

NUM_BINS = 1 << NUM_BITS


def score_bins(scores: np.ndarray) -> np.ndarray:
    """Bin of every score; a larger score never has a smaller bin.

    Args:
        scores: float32, any shape, no NaN.

    Returns:
        int64 in [0, NUM_BINS), same shape.
    """
    # Adding 0 turns -0.0 into 0.0, which has other bits.
    bits = (np.ascontiguousarray(scores, np.float32) + np.float32(0)).view(np.uint32)
    # The bits of positive floats rise with them, those of negative ones fall.
    ordered = np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31))
    return (ordered >> np.uint32(32 - NUM_BITS)).astype(np.int64)
