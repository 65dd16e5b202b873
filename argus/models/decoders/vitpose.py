"""The classic decoder of ViTPose: two deconvolutions and a 1x1 convolution, a head of mmpose.

Source: "ViTPose: Simple Vision Transformer Baselines for Human Pose Estimation" (Xu et al., NeurIPS
2022, section 3.1), https://arxiv.org/abs/2204.12484: on the map of stride 16, two transposed
convolutions of 256 channels and kernel 4, each with a norm and ReLU, which enlarge it four times;
then the heatmaps. Target, loss and flip test are those of
:mod:`~argus.models.decoders.heatmap_head`.

What was changed: GroupNorm takes the place of BatchNorm, so that no sample depends on another; it
has the same parameters.
"""

from collections.abc import Sequence
from typing import Any

from mmengine.model import normal_init
from torch import Tensor, nn

from argus.models.decoders.heatmap_head import KeypointHeatmapHead
from argus.registry import MODELS

_NUM_LAYERS = 2


@MODELS.register_module()
class ViTPoseHead(KeypointHeatmapHead):
    """Heatmaps of four times the size of the coarsest map that it is given.

    Args:
        in_channels: Channels of that map.
        out_channels: Number of keypoints.
        channels: Channels of the deconvolutions.
        norm_groups: Groups of their GroupNorm.
        **kwargs: Of :class:`~argus.models.decoders.heatmap_head.KeypointHeatmapHead`: ``loss``,
            ``decoder``, ``log_accuracy``, ``init_cfg``.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        channels: int = 256,
        *,
        norm_groups: int = 32,
        **kwargs: Any,
    ) -> None:
        super().__init__(channels, out_channels, **kwargs)
        self.in_channels = in_channels
        layers: list[nn.Module] = []
        for width in (in_channels, *[channels] * (_NUM_LAYERS - 1)):
            enlarge = nn.ConvTranspose2d(width, channels, 4, stride=2, padding=1, bias=False)
            normal_init(enlarge, std=0.001)
            layers += [enlarge, nn.GroupNorm(norm_groups, channels), nn.ReLU(inplace=True)]
        self.deconv_layers = nn.Sequential(*layers)

    def trunk_features(self, feats: Sequence[Tensor]) -> Tensor:
        """Feature maps, of which the last ``(B, C, h, w)`` counts, to ``(B, channels, 4h, 4w)``."""
        return self.deconv_layers(feats[-1])
