"""Multi-scale gradient matching of log depth: edges where the label has edges, none elsewhere.

Source: "MegaDepth: Learning Single-View Depth Prediction from Internet Photos" (Li and Snavely,
CVPR 2018, section 4.1).

What was changed: differences are taken along the rows and columns of every image. The public code
of DINOv2 slices the first two axes of a batch instead, which compares images of the batch.
"""

from collections.abc import Sequence

from torch import Tensor, nn

from argus.models.losses.at_least_float32 import at_least_float32
from argus.registry import MODELS


def gradient_matching_loss(
    prediction: Tensor,
    target: Tensor,
    valid: Tensor,
    *,
    steps: Sequence[int] = (1, 2, 4, 8),
    eps: float = 1e-3,
) -> Tensor:
    """Absolute differences of the log error across two pixels, averaged, summed over scales.

    With ``d = log(prediction + eps) - log(target + eps)``, at every scale the sum of
    ``|d[i + 2] - d[i]|`` along rows and columns over pairs of valid pixels, divided by the number
    of valid pixels of the batch at that scale. A common factor on the prediction changes nothing.

    Args:
        prediction: Depth (..., H, W), metres, above ``-eps`` where valid.
        target: Depth (..., H, W), metres.
        valid: Boolean (..., H, W); other pixels have no influence.
        steps: Every how many pixels the maps are sampled, one entry per scale.
        eps: Metres added to both depths.

    Returns:
        A scalar; 0 without valid pixels.
    """
    prediction, target = at_least_float32(prediction), at_least_float32(target)
    error = (prediction.where(valid, 1.0) + eps).log() - (target.where(valid, 1.0) + eps).log()
    total = error.new_zeros(())
    for step in steps:
        coarse, mask = error[..., ::step, ::step], valid[..., ::step, ::step]
        rows = _sum_of_differences(coarse, mask)
        columns = _sum_of_differences(coarse.mT, mask.mT)
        total = total + (rows + columns) / mask.sum().clamp(min=1)
    return total


def _sum_of_differences(error: Tensor, mask: Tensor) -> Tensor:
    """Sum of ``|error[i + 2] - error[i]|`` along the last axis where both ends are valid."""
    both = mask[..., 2:] & mask[..., :-2]
    return (error[..., 2:] - error[..., :-2]).abs().where(both, 0.0).sum()


@MODELS.register_module()
class GradientMatchingLoss(nn.Module):
    """:func:`gradient_matching_loss` as a module.

    Args:
        steps: Every how many pixels the maps are sampled, one entry per scale.
        eps: Metres added to both depths.
        loss_weight: Factor of the result.
    """

    def __init__(
        self, *, steps: Sequence[int] = (1, 2, 4, 8), eps: float = 1e-3, loss_weight: float = 1.0
    ) -> None:
        super().__init__()
        self.steps = tuple(steps)
        self.eps = eps
        self.loss_weight = loss_weight

    def forward(self, prediction: Tensor, target: Tensor, valid: Tensor) -> Tensor:
        """Loss of a batch; see :func:`gradient_matching_loss` for the arguments."""
        loss = gradient_matching_loss(prediction, target, valid, steps=self.steps, eps=self.eps)
        return self.loss_weight * loss
