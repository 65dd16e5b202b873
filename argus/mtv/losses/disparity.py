"""Losses of inverse depth that is known up to scale and shift.

Source: "Towards Robust Monocular Depth Estimation" (Ranftl et al., TPAMI 2022): the trimmed, scale-
and shift-invariant absolute error, and gradient matching over four scales.

What was changed: the trim is per image and by a mask, not over a batch. Each scale of the gradient
matching is divided by its own number of valid pixels; a plain sum, as the paper prints it, would be
tens of thousands of times the error beside it. All of it in float32.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from argus.errors import ConfigError

GRADIENT_SPACES = ("normalised", "raw_scaled")
_EPS = 1e-6


def affine_statistics(values: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
    """Median, the lower of two middle values, and mean absolute deviation from it, per image.

    Args:
        values: (B, N) float32.
        valid: (B, N) bool.

    Returns:
        Two tensors (B, 1); 0 where nothing is valid.
    """
    number = valid.sum(1, keepdim=True)
    ordered = values.masked_fill(~valid, torch.inf).sort(dim=1).values
    shift = ordered.gather(1, ((number - 1) // 2).clamp(min=0)).where(number > 0, 0.0)
    deviation = (values - shift).abs().where(valid, 0.0).sum(1, keepdim=True)
    return shift, deviation / number.clamp(min=1)


class DisparityLosses(NamedTuple):
    """Of every image.

    Args:
        error: (B,) float32, the trimmed error; 0 for images without depth.
        edges: (B,) float32, the gradient matching; likewise.
        has_depth: (B,) bool, the images whose valid pixels are not all of one value.
    """

    error: Tensor
    edges: Tensor
    has_depth: Tensor


def disparity_losses(
    prediction: Tensor,
    target: Tensor,
    valid: Tensor,
    *,
    keep: float = 0.9,
    strides: Sequence[int] = (1, 2, 4, 8),
    gradient_space: str = "normalised",
) -> DisparityLosses:
    """The trimmed error and the gradient matching of every image.

    Both maps are shifted by their median and divided by their mean absolute deviation; gradients go
    through both. Of the absolute differences the ``floor(keep M)`` smallest of the M valid ones are
    summed and divided by ``2 M``.

    Args:
        prediction: (B, H, W) inverse depth, of any scale and shift.
        target: (B, H, W), of another scale and shift; what it holds where not valid is ignored.
        valid: (B, H, W) bool.
        keep: Share of the pixels that is not trimmed away.
        strides: Every how many pixels the maps are sampled, one entry per scale; summed over.
        gradient_space: ``normalised`` compares edges of the normalised maps; ``raw_scaled`` those
            of the target with those of the prediction times the ratio of the two deviations.
    """
    if gradient_space not in GRADIENT_SPACES:
        raise ConfigError(
            f"gradient_space: expected one of {', '.join(GRADIENT_SPACES)}, found "
            f"{gradient_space!r}."
        )
    with torch.autocast(prediction.device.type, enabled=False):
        shape = prediction.shape
        prediction = prediction.float().flatten(1)
        target, mask = target.float().flatten(1), valid.flatten(1)
        target = target.where(mask, 0.0)
        shift, scale = affine_statistics(target, mask)
        has_depth = (mask.sum(1) > 1) & (scale[:, 0] > _EPS)
        mask = mask & has_depth[:, None]
        own_shift, own_scale = affine_statistics(prediction, mask)
        own_scale, scale = own_scale.clamp(min=_EPS), scale.clamp(min=_EPS)
        residual = (prediction - own_shift) / own_scale - (target - shift) / scale
        residual = residual.where(mask, 0.0)
        error = _trimmed(residual.abs(), mask, keep)
        if gradient_space == "raw_scaled":
            residual = residual * scale
        edges = gradient_matching(residual.reshape(shape), mask.reshape(shape), strides)
        return DisparityLosses(error, edges, has_depth)


def _trimmed(error: Tensor, mask: Tensor, keep: float) -> Tensor:
    """(B, N) absolute differences to (B,)."""
    number = mask.sum(1)
    ordered = error.masked_fill(~mask, torch.inf).sort(dim=1).values
    # In float64, where 0.9 times ten is nine.
    kept = (number.double() * keep + 1e-9).floor().long()
    places = torch.arange(error.shape[1], device=error.device)
    total = ordered.where(places < kept[:, None], 0.0).sum(1)
    return total / (2 * number.clamp(min=1))


def gradient_matching(residual: Tensor, valid: Tensor, strides: Sequence[int]) -> Tensor:
    """Absolute differences of the error between neighbours, per scale and image.

    Args:
        residual: (B, H, W) difference of two maps.
        valid: (B, H, W) bool; a pair counts if both pixels are.
        strides: Every how many pixels the maps are sampled, one entry per scale.

    Returns:
        (B,), summed over the scales, each divided by its number of valid pixels.
    """
    total = residual.new_zeros(len(residual))
    for stride in strides:
        x, mask = residual[:, ::stride, ::stride], valid[:, ::stride, ::stride]
        sums = _differences(x, mask) + _differences(x.mT, mask.mT)
        total = total + sums / mask.sum((1, 2)).clamp(min=1)
    return total


def _differences(x: Tensor, mask: Tensor) -> Tensor:
    both = mask[..., 1:] & mask[..., :-1]
    return (x[..., 1:] - x[..., :-1]).abs().where(both, 0.0).sum((1, 2))
