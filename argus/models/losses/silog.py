"""Scale-invariant logarithmic loss of depth.

Source: "Depth Map Prediction from a Single Image using a Multi-Scale Deep Network" (Eigen et al.,
NeurIPS 2014), in the form of AdaBins (Bhat et al., CVPR 2021) with the warm-up of DINOv2's depth
training (facebookresearch/dinov2, ``eval/depth``).

What was changed: a batch without a valid pixel, or with a perfect prediction, gives zero with a
zero gradient, where the square root alone gives NaN. The steps of the warm-up are counted in the
checkpoint, so that a resumed training goes on where it was.
"""

import torch
from torch import Tensor, nn

from argus.models.losses.at_least_float32 import at_least_float32
from argus.registry import MODELS


def silog_loss(
    prediction: Tensor,
    target: Tensor,
    valid: Tensor,
    *,
    mean_weight: float = 0.15,
    variance_weight: float | Tensor = 1.0,
    eps: float = 1e-3,
) -> Tensor:
    """``sqrt(variance_weight * Var(g) + mean_weight * mean(g)^2)``, g the error of log depth.

    With ``g = log(prediction + eps) - log(target + eps)`` over all valid pixels of the batch; the
    variance is the unbiased one. A common factor on the prediction changes the mean alone.

    Args:
        prediction: Depth of any shape, metres, above ``-eps`` where valid.
        target: Depth of the same shape, metres.
        valid: Boolean of the same shape; other pixels have no influence.
        mean_weight: 1 minus the lambda of the paper; 0 makes the loss scale-invariant.
        variance_weight: Factor of the variance.
        eps: Metres added to both depths.

    Returns:
        A scalar; 0 without valid pixels.
    """
    prediction, target = at_least_float32(prediction), at_least_float32(target)
    error = (prediction.where(valid, 1.0) + eps).log() - (target.where(valid, 1.0) + eps).log()
    count = valid.sum()
    mean = error.sum() / count.clamp(min=1)
    squares = (error - mean).square().where(valid, 0.0).sum()
    radicand = variance_weight * squares / (count - 1).clamp(min=1) + mean_weight * mean.square()
    # The inner choice keeps the infinite slope at zero out of the gradient.
    is_positive = radicand > 0
    return radicand.where(is_positive, 1.0).sqrt().where(is_positive, 0.0)


@MODELS.register_module()
class SILogLoss(nn.Module):
    """:func:`silog_loss` with a warm-up on the mean alone.

    Args:
        mean_weight: Factor of the squared mean.
        warmup_steps: Training batches in which the variance does not count, so that the overall
            scale is found first.
        eps: Metres added to both depths.
        loss_weight: Factor of the result.
    """

    steps: Tensor

    def __init__(
        self,
        *,
        mean_weight: float = 0.15,
        warmup_steps: int = 0,
        eps: float = 1e-3,
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__()
        self.mean_weight = mean_weight
        self.warmup_steps = warmup_steps
        self.eps = eps
        self.loss_weight = loss_weight
        # A float, as the training loop keeps those buffers equal in all processes: one of them may
        # have had no depth label in a step.
        self.register_buffer("steps", torch.zeros(()))

    def forward(self, prediction: Tensor, target: Tensor, valid: Tensor) -> Tensor:
        """Loss of a batch; see :func:`silog_loss` for the arguments. Counts a step in training."""
        variance_weight: float | Tensor = 1.0
        if self.training:
            variance_weight = (self.steps >= self.warmup_steps).float()
            self.steps.add_(1.0).clamp_(max=float(self.warmup_steps))
        loss = silog_loss(
            prediction,
            target,
            valid,
            mean_weight=self.mean_weight,
            variance_weight=variance_weight,
            eps=self.eps,
        )
        return self.loss_weight * loss
