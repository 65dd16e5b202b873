"""Binary cross-entropy with fixed weights of the two classes, for thin positives like boundaries.

Source: "Holistically-Nested Edge Detection" (Xie and Tu, ICCV 2015) for the weighting; the fixed
weight is that of InvPT (Ye and Xu, ECCV 2022) and ATRC (Bruggemann et al., ICCV 2021).
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from argus.errors import ConfigError
from argus.models.losses.at_least_float32 import at_least_float32
from argus.registry import MODELS


def balanced_bce_loss(
    logits: Tensor, labels: Tensor, *, positive_weight: float = 0.95, ignore_index: int = 255
) -> Tensor:
    """Mean over valid pixels of the weighted binary cross-entropy.

    Args:
        logits: Any shape.
        labels: Same shape, 1 positive, 0 negative, ``ignore_index`` no influence.
        positive_weight: Weight of a positive pixel, in (0, 1); a negative has one minus that.
        ignore_index: Label of pixels that do not count.

    Returns:
        A scalar; 0 without valid pixels.
    """
    logits = at_least_float32(logits)
    valid, positive = labels != ignore_index, labels == 1
    entropy = F.binary_cross_entropy_with_logits(logits, positive.to(logits), reduction="none")
    weight = torch.where(positive, positive_weight, 1.0 - positive_weight)
    return (weight * entropy).where(valid, 0.0).sum() / valid.sum().clamp(min=1)


@MODELS.register_module()
class BalancedBCELoss(nn.Module):
    """:func:`balanced_bce_loss` as a module.

    Args:
        positive_weight: Weight of a positive pixel, in (0, 1); a negative has one minus that.
        ignore_index: Label of pixels that do not count.
        loss_weight: Factor of the result.

    Raises:
        ConfigError: ``positive_weight`` is out of range.
    """

    def __init__(
        self, *, positive_weight: float = 0.95, ignore_index: int = 255, loss_weight: float = 1.0
    ) -> None:
        super().__init__()
        if not 0 < positive_weight < 1:
            raise ConfigError(
                f"BalancedBCELoss.positive_weight: expected a number between 0 and 1, found "
                f"{positive_weight}; a negative pixel has the weight 1 - positive_weight."
            )
        self.positive_weight = positive_weight
        self.ignore_index = ignore_index
        self.loss_weight = loss_weight

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Loss of a batch; see :func:`balanced_bce_loss` for the arguments."""
        loss = balanced_bce_loss(
            logits, labels, positive_weight=self.positive_weight, ignore_index=self.ignore_index
        )
        return self.loss_weight * loss
