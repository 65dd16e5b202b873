"""Feature fusion of DPT: residual convolution units and the block that merges two levels.

Source: "Vision Transformers for Dense Prediction" (Ranftl et al., ICCV 2021, section 3.2 and
figure 1 right), after RefineNet (Lin et al., CVPR 2017).

What was changed: the 1x1 output convolution comes before the bilinear resize. Both are linear and
the weights of the resize sum to one, so they commute exactly, at a quarter of the cost. The resize
uses ``align_corners=False``: cell centres are what the strided levels of the backbone share.
"""

import torch.nn.functional as F
from mmcv.cnn import ConvModule
from torch import Tensor, nn


class PreActivationResidual(nn.Module):
    """``x + conv(act(conv(act(x))))`` with 3x3 convolutions, and a norm after each if asked for.

    Args:
        channels: Channels in and out.
        norm_cfg: Norm of mmcv, for example ``dict(type="GN", num_groups=32)``; ``None`` for none.
    """

    def __init__(self, channels: int, *, norm_cfg: dict | None) -> None:
        super().__init__()
        self.conv1, self.conv2 = (
            ConvModule(
                channels,
                channels,
                3,
                padding=1,
                norm_cfg=norm_cfg,
                # The first activation would overwrite the input of the skip connection.
                inplace=False,
                order=("act", "conv", "norm"),
            )
            for _ in range(2)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(B, channels, H, W)`` to the same shape."""
        return x + self.conv2(self.conv1(x))


class FeatureFusion(nn.Module):
    """Merge a coarse path with a finer level, refine, and resize to the next finer level.

    Args:
        channels: Channels in and out.
        norm_cfg: Norm inside the residual units.
        has_skip: Whether ``forward`` gets a second map. The coarsest block of a decoder has none,
            and then holds no parameters for it.
    """

    def __init__(self, channels: int, *, norm_cfg: dict | None, has_skip: bool = True) -> None:
        super().__init__()
        self.skip_unit = PreActivationResidual(channels, norm_cfg=norm_cfg) if has_skip else None
        self.out_unit = PreActivationResidual(channels, norm_cfg=norm_cfg)
        self.project = nn.Conv2d(channels, channels, 1)

    def forward(
        self, x: Tensor, skip: Tensor | None = None, *, out_size: tuple[int, int] | None = None
    ) -> Tensor:
        """Fuse two maps.

        Args:
            x: The coarse path, ``(B, channels, H, W)``.
            skip: The level of the same size, ``(B, channels, H, W)``; given if ``has_skip``.
            out_size: Height and width of the output; ``None`` keeps those of ``x``.

        Returns:
            ``(B, channels, *out_size)``.
        """
        assert (skip is None) == (self.skip_unit is None), "has_skip and forward disagree"
        if skip is not None and self.skip_unit is not None:
            x = x + self.skip_unit(skip)
        x = self.project(self.out_unit(x))
        if out_size is not None and out_size != tuple(x.shape[-2:]):
            x = F.interpolate(x, size=out_size, mode="bilinear", align_corners=False)
        return x
