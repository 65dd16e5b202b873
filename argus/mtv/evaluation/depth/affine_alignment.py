"""How good depth is that is known up to scale and shift, which are fitted to the truth.

Source: Ranftl et al., "Towards Robust Monocular Depth Estimation" (TPAMI 2022), for the fit by
least squares in each picture. What is fitted, and where the error is taken, differs in the
literature, and the numbers with it: see :data:`MODES`.
"""

import numpy as np

from argus.evaluation.metrics.depth import NAMES, depth_errors

MODES = ("disparity", "depth_from_disparity", "depth")
"""Of a prediction p and depth d, with scale s and shift t of the picture's least squares:

- ``disparity``: s p + t is fitted to 1 / d, and compared with 1 / d. By their words, Depth
  Anything's numbers are these.
- ``depth_from_disparity``: s p + t is fitted to 1 / d, then 1 / (s p + t) is compared with d.
- ``depth``: s p + t is fitted to d, and compared with d, as is done with models that predict depth.
"""
_NAMES = ("abs_rel", "delta1")
_PLACES = [NAMES.index(name) for name in _NAMES]


def fit_scale_shift(prediction: np.ndarray, target: np.ndarray) -> tuple[float, float]:
    """The s and t for which the squares of ``s prediction + t - target`` are least.

    Args:
        prediction: (n,), n at least 1.
        target: (n,).

    Returns:
        s and t; 0 and the mean of the target where the prediction is of one value.
    """
    prediction, target = prediction.astype(np.float64), target.astype(np.float64)
    from_mean = prediction - prediction.mean()
    spread = from_mean @ from_mean
    # Of one value but for the rounding of its mean.
    if spread <= len(prediction) * (1e-12 * np.abs(prediction).max()) ** 2:
        return 0.0, float(target.mean())
    scale = float(from_mean @ target / spread)
    return scale, float(target.mean() - scale * prediction.mean())


def aligned_errors(
    prediction: np.ndarray,
    depth: np.ndarray,
    *,
    mode: str,
    min_depth: float,
    max_depth: float,
) -> dict[str, float]:
    """The errors of one picture after the fit.

    Args:
        prediction: (n,) of the pixels whose depth is known: inverse depth, or depth in the mode of
            that name, of any scale and shift.
        depth: (n,) metres, between the limits.
        mode: One of :data:`MODES`.
        min_depth: Metres, above 0. What is compared is clipped to the limits, or to their inverses.
        max_depth: Metres.

    Returns:
        ``abs_rel``, the mean of abs(p - g) / g, and ``delta1``, the share of pixels with
        max(p / g, g / p) below 1.25; both fractions.
    """
    assert mode in MODES and 0 < min_depth < max_depth, (mode, min_depth, max_depth)
    truth = depth.astype(np.float64)
    target = truth if mode == "depth" else 1 / truth
    scale, shift = fit_scale_shift(prediction, target)
    limits = (min_depth, max_depth) if mode == "depth" else (1 / max_depth, 1 / min_depth)
    fitted = (scale * prediction.astype(np.float64) + shift).clip(*limits)
    if mode == "depth_from_disparity":
        fitted, target = 1 / fitted, truth
    errors = depth_errors(fitted, target)[_PLACES]
    return dict(zip(_NAMES, errors.tolist(), strict=True))
