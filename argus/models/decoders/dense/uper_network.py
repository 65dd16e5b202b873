"""UperNet of mmseg as a network without loss.

Source: "Unified Perceptual Parsing for Scene Understanding" (Xiao et al., ECCV 2018), mmseg's
``UPerHead``.
"""

from collections.abc import Sequence

from mmseg.models import UPerHead
from torch import nn

from argus.layers.wide import widen
from argus.registry import MODELS


@MODELS.register_module()
class UPerNetwork(UPerHead):
    """Feature pyramid to one map of the finest level's size.

    Args:
        in_channels: Channels of each level, finest first.
        out_channels: Channels of the output; a head gives them.
        channels: Channels of the decoder.
        pool_scales: Sides of the grids that the coarsest level is pooled to.
        dropout_ratio: Share of channels dropped before the last layer.
        norm_cfg: Norm after every convolution, for example ``dict(type="GN", num_groups=32)``.
        align_corners: See ``torch.nn.functional.interpolate``.
        init_cfg: See mmengine's ``BaseModule``; the default is mmseg's.
    """

    def __init__(
        self,
        in_channels: Sequence[int],
        out_channels: int,
        channels: int = 512,
        *,
        pool_scales: Sequence[int] = (1, 2, 3, 6),
        dropout_ratio: float = 0.0,
        norm_cfg: dict | None = None,
        align_corners: bool = False,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(
            pool_scales=tuple(pool_scales),
            in_channels=list(in_channels),
            in_index=list(range(len(in_channels))),
            channels=channels,
            num_classes=out_channels,
            out_channels=out_channels,
            threshold=0.5,  # of mmseg's prediction, which is not used; unset, one channel warns
            dropout_ratio=dropout_ratio,
            norm_cfg=norm_cfg,
            align_corners=align_corners,
            loss_decode=dict(type=nn.Identity),  # the head has the loss
            init_cfg=init_cfg or dict(type="Normal", std=0.01, override=dict(name="conv_seg")),
        )
        widen(self.conv_seg)
