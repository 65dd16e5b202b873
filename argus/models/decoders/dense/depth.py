"""Depth in metres: by regression, or as the expectation over bins.

Source: DINOv2's depth training (facebookresearch/dinov2, ``eval/depth``); the bins and their linear
normalisation come from AdaBins (Bhat et al., CVPR 2021).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from argus.errors import ConfigError
from argus.models.decoders.dense.head import DenseHead
from argus.models.losses.at_least_float32 import at_least_float32
from argus.registry import MODELS


@MODELS.register_module()
class DepthHead(DenseHead):
    """Depth as ``relu(output) + min_depth``.

    Args:
        network: See :class:`~argus.models.decoders.dense.head.DenseHead`. Its output should start
            above zero (``initial_output`` of ``DPTNetwork``): below it has no gradient.
        min_depth: Least depth, metres.
        max_depth: Largest depth, metres; predictions are clipped to it. Labels outside
            [min_depth, max_depth] do not count in training.
        loss: Loss of the depth, e.g. ``SILogLoss``.
        gradient_loss: Loss of its edges, e.g. ``GradientMatchingLoss``; ``None`` for none. Both
            are called with prediction, label and boolean mask, each (B, H, W).
        out_channels: Channels of the network's output; for subclasses.
        init_cfg: See mmengine's ``BaseModule``.

    Raises:
        ConfigError: The range is empty.
    """

    field = "depth"

    def __init__(
        self,
        network: Mapping[str, Any],
        *,
        min_depth: float = 0.001,
        max_depth: float,
        loss: Mapping[str, Any],
        gradient_loss: Mapping[str, Any] | None = None,
        out_channels: int = 1,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(network, out_channels=out_channels, init_cfg=init_cfg)
        if not 0 < min_depth < max_depth:
            raise ConfigError(
                f"{type(self).__name__}: expected 0 < min_depth < max_depth (metres), found "
                f"min_depth={min_depth}, max_depth={max_depth}."
            )
        self.min_depth = min_depth
        self.max_depth = max_depth
        self.depth_loss = MODELS.build(loss)
        self.gradient_loss = None if gradient_loss is None else MODELS.build(gradient_loss)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Feature maps, finest first, to depth (B, 1, H, W), metres, not clipped above."""
        return at_least_float32(self.network(maps)).relu() + self.min_depth

    def loss(self, raw: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """Losses of depth (B, 1, H, W) against labels (B, 1, H, W), metres.

        Returns:
            ``loss_depth`` and, if there is a gradient loss, ``loss_gradient``.
        """
        depth, labels = raw[:, 0], labels[:, 0]
        valid = (labels >= self.min_depth) & (labels <= self.max_depth)
        losses = {"loss_depth": self.depth_loss(depth, labels, valid)}
        if self.gradient_loss is not None:
            losses["loss_gradient"] = self.gradient_loss(depth, labels, valid)
        return losses

    def decode(self, raw: Tensor) -> Tensor:
        """Depth (1, H, W), clipped to the range."""
        return raw.clamp(self.min_depth, self.max_depth)


@MODELS.register_module()
class BinDepthHead(DepthHead):
    """Depth as the expectation over evenly spaced depths, which bounds it to the range.

    The probability of a bin is ``relu(output) + 0.1``, divided by the sum over the bins.

    Args:
        network: See :class:`DepthHead`.
        num_bins: Number of depths from ``min_depth`` to ``max_depth``, both included.
        settings: The keyword arguments of :class:`DepthHead`.
    """

    centers: Tensor

    def __init__(self, network: Mapping[str, Any], *, num_bins: int = 256, **settings: Any) -> None:
        super().__init__(network, out_channels=num_bins, **settings)
        centers = torch.linspace(self.min_depth, self.max_depth, num_bins)
        self.register_buffer("centers", centers, persistent=False)

    def scores(self, maps: Sequence[Tensor]) -> Tensor:
        """Feature maps, finest first, to what the bins' probabilities are as: (B, bins, H, W)."""
        return at_least_float32(self.network(maps)).relu() + 0.1

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Feature maps, finest first, to depth (B, 1, H, W), metres."""
        scores = self.scores(maps)
        weighted = (scores * self.centers.view(-1, 1, 1)).sum(dim=1, keepdim=True)
        return weighted / scores.sum(dim=1, keepdim=True)
