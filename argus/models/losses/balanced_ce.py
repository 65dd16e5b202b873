"""Cross-entropy of two classes, weighted so that each batch counts both the same.

Source: the saliency loss of ASTMT (Maninis et al., CVPR 2019) and InvPT (Ye and Xu, ECCV 2022).

What was changed: the class of a label is compared, not indexed, so that an unexpected label cannot
end a process on a GPU.
"""

import torch
from torch import Tensor, nn

from argus.models.losses.at_least_float32 import at_least_float32
from argus.registry import MODELS


def balanced_ce_loss(logits: Tensor, labels: Tensor, *, ignore_index: int = 255) -> Tensor:
    """Mean over valid pixels of the cross-entropy, weighted by the share of the other class.

    A positive pixel has the weight #negative / #valid, a negative one #positive / #valid, counted
    over the batch: with one class alone there is nothing to learn, and the loss is zero.

    Args:
        logits: ``(B, 2, H, W)``, of background and foreground.
        labels: ``(B, H, W)``, 0, 1 or ``ignore_index``.
        ignore_index: Label of pixels that do not count.

    Returns:
        A scalar; 0 without valid pixels.
    """
    valid, positive = labels != ignore_index, labels == 1
    count = valid.sum().clamp(min=1)
    share = (positive & valid).sum() / count
    log_probability = at_least_float32(logits).log_softmax(dim=1)
    entropy = -torch.where(positive, log_probability[:, 1], log_probability[:, 0])
    weight = torch.where(positive, 1.0 - share, share)
    return (weight * entropy).where(valid, 0.0).sum() / count


@MODELS.register_module()
class BalancedCELoss(nn.Module):
    """:func:`balanced_ce_loss` as a module.

    Args:
        ignore_index: Label of pixels that do not count.
        loss_weight: Factor of the result.
    """

    def __init__(self, *, ignore_index: int = 255, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.ignore_index = ignore_index
        self.loss_weight = loss_weight

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Loss of a batch; see :func:`balanced_ce_loss` for the arguments."""
        return self.loss_weight * balanced_ce_loss(logits, labels, ignore_index=self.ignore_index)
