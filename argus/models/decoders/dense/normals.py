"""Surface normals: a unit vector per pixel, x right, y up, z towards the viewer.

Source: the normals task of InvPT (Ye and Xu, ECCV 2022) and ATRC (Bruggemann et al., ICCV 2021).
"""

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from argus.models.decoders.dense.head import DenseHead
from argus.registry import MODELS

# Shorter vectors stay shorter than one in training: at zero a unit vector has no gradient.
SHORTEST = 1e-3


@MODELS.register_module()
class NormalsHead(DenseHead):
    """Three components per pixel, normalised after they are resized.

    Args:
        network: See :class:`~argus.models.decoders.dense.head.DenseHead`.
        loss: Called with predicted and true unit vectors, both (B, 3, H, W), zero vectors unknown;
            ``NormalsL1Loss`` or ``NormalsCosineLoss``.
        init_cfg: See mmengine's ``BaseModule``.
    """

    field = "normals"

    def __init__(
        self,
        network: Mapping[str, Any],
        *,
        loss: Mapping[str, Any],
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(network, out_channels=3, init_cfg=init_cfg)
        self.normals_loss = MODELS.build(loss)

    def loss(self, raw: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """``loss_normals`` of raw vectors (B, 3, H, W) and labels (B, 3, H, W)."""
        return {"loss_normals": self.normals_loss(F.normalize(raw, dim=1, eps=SHORTEST), labels)}

    def decode(self, raw: Tensor) -> Tensor:
        """Unit vectors (3, H, W)."""
        return F.normalize(raw, dim=0)

    def mirror(self, prediction: Tensor) -> Tensor:
        """The normals (3, H, W) that the mirrored image would have: x changes its sign."""
        mirrored = prediction.flip(-1)
        return torch.cat([-mirrored[:1], mirrored[1:]])

    def average(self, first: Tensor, second: Tensor) -> Tensor:
        """The direction half way between two normals (3, H, W)."""
        return F.normalize(first + second, dim=0)
