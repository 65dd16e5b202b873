"""Losses, one file each: a function and a thin module that holds its settings."""

from argus.models.losses.balanced_bce import BalancedBCELoss, balanced_bce_loss
from argus.models.losses.balanced_ce import BalancedCELoss, balanced_ce_loss
from argus.models.losses.gradient_matching import GradientMatchingLoss, gradient_matching_loss
from argus.models.losses.normal_losses import (
    NormalsCosineLoss,
    NormalsL1Loss,
    normals_cosine_loss,
    normals_l1_loss,
)
from argus.models.losses.silog import SILogLoss, silog_loss

__all__ = [
    "BalancedBCELoss",
    "BalancedCELoss",
    "GradientMatchingLoss",
    "NormalsCosineLoss",
    "NormalsL1Loss",
    "SILogLoss",
    "balanced_bce_loss",
    "balanced_ce_loss",
    "gradient_matching_loss",
    "normals_cosine_loss",
    "normals_l1_loss",
    "silog_loss",
]
