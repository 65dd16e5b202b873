"""Saliency: the probability that a pixel belongs to the object one looks at first.

Source: the saliency task of ASTMT (Maninis et al., CVPR 2019) and InvPT (Ye and Xu, ECCV 2022).
"""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from argus.models.decoders.dense.head import DenseHead
from argus.registry import MODELS


@MODELS.register_module()
class SaliencyHead(DenseHead):
    """Logits of background and foreground.

    Args:
        network: See :class:`~argus.models.decoders.dense.head.DenseHead`.
        loss: Called with logits (B, 2, H, W) and labels (B, H, W) (0, 1, 255); ``BalancedCELoss``.
        init_cfg: See mmengine's ``BaseModule``.
    """

    field = "saliency"

    def __init__(
        self,
        network: Mapping[str, Any],
        *,
        loss: Mapping[str, Any],
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(network, out_channels=2, init_cfg=init_cfg)
        self.saliency_loss = MODELS.build(loss)

    def loss(self, raw: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """``loss_saliency`` of logits (B, 2, H, W) and labels (B, 1, H, W)."""
        return {"loss_saliency": self.saliency_loss(raw, labels[:, 0])}

    def decode(self, raw: Tensor) -> Tensor:
        """Probability (1, H, W) of the foreground."""
        return raw.softmax(dim=0)[1:]
