"""DPT heatmap head for top-down keypoints, a head of mmpose.

Source: "Vision Transformers for Dense Prediction" (Ranftl et al., ICCV 2021) for the decoder; see
:mod:`~argus.models.decoders.heatmap_head` for the rest. What was changed: the DPT decoder takes the
place of ViTPose's decoder.
"""

from collections.abc import Sequence
from typing import Any

from mmcv.cnn import ConvModule
from torch import Tensor

from argus.models.decoders.dpt.decoder import DPTDecoder
from argus.models.decoders.heatmap_head import KeypointHeatmapHead
from argus.registry import MODELS


@MODELS.register_module()
class DPTKeypointHead(KeypointHeatmapHead):
    """Heatmaps at the finest level of a feature pyramid, one channel per keypoint.

    Args:
        in_channels: Channels of each level, finest first.
        out_channels: Number of keypoints.
        channels: Channels of the decoder.
        norm_cfg: Norm of the decoder; ``None`` for none, or ``dict(type="GN", num_groups=32)``.
        **kwargs: Of :class:`~argus.models.decoders.heatmap_head.KeypointHeatmapHead`: ``loss``,
            ``decoder``, ``log_accuracy``, ``init_cfg``.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        out_channels: int,
        channels: int = 256,
        *,
        norm_cfg: dict | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(channels, out_channels, **kwargs)
        self.in_channels = tuple(in_channels)
        self.trunk = DPTDecoder(in_channels, channels, norm_cfg)
        self.project = ConvModule(channels, channels, 3, padding=1, norm_cfg=norm_cfg)

    def trunk_features(self, feats: Sequence[Tensor]) -> Tensor:
        """Feature maps ``(B, in_channels[l], H_l, W_l)`` to ``(B, channels, H_0, W_0)``."""
        return self.project(self.trunk(feats))
