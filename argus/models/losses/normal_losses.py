"""Losses of surface normals: L1 and cosine.

Source: ATRC (Bruggemann et al., ICCV 2021) and InvPT (Ye and Xu, ECCV 2022) for L1, "Deep Surface
Normal Estimation with Hierarchical RGB-D Fusion" (Zeng et al., CVPR 2019) for the cosine.
"""

from torch import Tensor, nn

from argus.models.losses.at_least_float32 import at_least_float32
from argus.registry import MODELS


def normals_l1_loss(prediction: Tensor, target: Tensor) -> Tensor:
    """Absolute differences, summed over the three components and averaged over valid pixels.

    Args:
        prediction: Unit vectors ``(B, 3, H, W)``.
        target: Unit vectors ``(B, 3, H, W)``; zero vectors are unknown and have no influence.

    Returns:
        A scalar in [0, 2 sqrt(3)]; 0 without valid pixels.
    """
    prediction, target = at_least_float32(prediction), at_least_float32(target)
    return _mean_over_known((prediction - target).abs().sum(dim=1), target)


def normals_cosine_loss(prediction: Tensor, target: Tensor) -> Tensor:
    """One minus the cosine of the angle, averaged over valid pixels.

    Args:
        prediction: Unit vectors ``(B, 3, H, W)``.
        target: Unit vectors ``(B, 3, H, W)``; zero vectors are unknown and have no influence.

    Returns:
        A scalar in [0, 2]; 0 without valid pixels.
    """
    prediction, target = at_least_float32(prediction), at_least_float32(target)
    return _mean_over_known(1.0 - (prediction * target).sum(dim=1), target)


def _mean_over_known(values: Tensor, target: Tensor) -> Tensor:
    known = (target != 0).any(dim=1)
    return values.where(known, 0.0).sum() / known.sum().clamp(min=1)


@MODELS.register_module()
class NormalsL1Loss(nn.Module):
    """:func:`normals_l1_loss` as a module.

    Args:
        loss_weight: Factor of the result.
    """

    def __init__(self, *, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Loss of a batch; see :func:`normals_l1_loss` for the arguments."""
        return self.loss_weight * normals_l1_loss(prediction, target)


@MODELS.register_module()
class NormalsCosineLoss(nn.Module):
    """:func:`normals_cosine_loss` as a module.

    Args:
        loss_weight: Factor of the result.
    """

    def __init__(self, *, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Loss of a batch; see :func:`normals_cosine_loss` for the arguments."""
        return self.loss_weight * normals_cosine_loss(prediction, target)
