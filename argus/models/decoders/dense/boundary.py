"""Object boundaries: the probability that a pixel lies on one.

Source: the boundary task of InvPT (Ye and Xu, ECCV 2022) and ATRC (Bruggemann et al., ICCV 2021).
"""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from argus.models.decoders.dense.head import DenseHead
from argus.registry import MODELS


@MODELS.register_module()
class BoundaryHead(DenseHead):
    """One logit per pixel.

    Args:
        network: See :class:`~argus.models.decoders.dense.head.DenseHead`.
        loss: Called with logits and labels (0, 1, 255), both (B, H, W); ``BalancedBCELoss``.
        init_cfg: See mmengine's ``BaseModule``.
    """

    field = "boundary"

    def __init__(
        self,
        network: Mapping[str, Any],
        *,
        loss: Mapping[str, Any],
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(network, out_channels=1, init_cfg=init_cfg)
        self.boundary_loss = MODELS.build(loss)

    def loss(self, raw: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """``loss_boundary`` of logits (B, 1, H, W) and labels (B, 1, H, W)."""
        return {"loss_boundary": self.boundary_loss(raw[:, 0], labels[:, 0])}

    def decode(self, raw: Tensor) -> Tensor:
        """Probability (1, H, W) of a boundary."""
        return raw.sigmoid()
