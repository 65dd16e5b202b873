"""DPT with the output convolutions of its depth estimator, as a network without loss.

Source: "Vision Transformers for Dense Prediction" (Ranftl et al., ICCV 2021); widths of the output
convolutions as in its depth head and DINOv2's (facebookresearch/dinov2, ``eval/depth``).

What was changed: the trunk, see :mod:`argus.models.decoders.dpt.decoder`; the output has stride 2.
"""

from collections.abc import Sequence

import torch.nn.functional as F
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule, normal_init
from torch import Tensor, nn

from argus.layers.wide import WideConv2d
from argus.models.decoders.dpt.decoder import DPTDecoder
from argus.registry import MODELS


@MODELS.register_module()
class DPTNetwork(BaseModule):
    """Feature pyramid to one map at twice the finest level's size.

    Args:
        in_channels: Channels of each level, finest first.
        out_channels: Channels of the output; a head gives them.
        channels: Channels of the trunk; half of them before the output is doubled in size.
        hidden_channels: Channels before the last layer.
        norm_cfg: Norm of the trunk's residual units, for example ``dict(type="GN",
            num_groups=32)``; ``None`` for none. The output convolutions have none: a norm would
            take away the overall level, which is what depth is about.
        initial_output: Value of the output before training, apart from small noise. Where an
            activation follows, choose one at which it has a slope.
        init_cfg: See mmengine's ``BaseModule``.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        out_channels: int,
        channels: int = 256,
        hidden_channels: int = 32,
        *,
        norm_cfg: dict | None = None,
        initial_output: float = 0.0,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.trunk = DPTDecoder(in_channels, channels, norm_cfg)
        self.project = nn.Conv2d(channels, channels // 2, 3, padding=1)
        self.refine = ConvModule(channels // 2, hidden_channels, 3, padding=1)
        # bfloat16 would round depth to steps of up to 0.8 %.
        self.final_layer = WideConv2d(hidden_channels, out_channels, 1)
        normal_init(self.final_layer, std=0.01, bias=initial_output)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Maps ``(B, in_channels[l], H_l, W_l)`` to float32 ``(B, out_channels, 2 H_0, 2 W_0)``."""
        x = self.project(self.trunk(maps))
        x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        return self.final_layer(self.refine(x))
