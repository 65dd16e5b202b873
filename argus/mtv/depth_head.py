"""DPT's head, as Depth Anything has it: four layers of a ViT to a map of inverse depth.

Source: "Vision Transformers for Dense Prediction" (Ranftl et al., ICCV 2021) and "Depth Anything"
(Yang et al., CVPR 2024), by ``transformers``' ``DepthAnythingNeck`` and its head; the count of the
paper's table is that of its "vitb" sizes.

What was changed: SigLIP has no class token to leave out. A residual unit that the neck builds and
never runs is removed. The last activation is ``softplus`` unless asked for otherwise: ``relu`` can
be 0 everywhere, and then stays so, since the loss of a constant map has no slope.

The modules are the library's, how they are joined is not: tokens have their channels last, and the
maps keep that layout, in which convolutions on a CPU are fastest; and a fused map is projected
before it is enlarged, for a quarter of the work. Single pixels that are projected, and linear
interpolation, give the same in either order.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import DepthAnythingConfig
from transformers.models.depth_anything.modeling_depth_anything import (
    DepthAnythingDepthEstimationHead,
    DepthAnythingNeck,
)

from argus.errors import ConfigError

ACTIVATIONS: dict[str, type[nn.Module]] = dict(
    softplus=nn.Softplus, relu=nn.ReLU, identity=nn.Identity
)


class DepthHead(nn.Module):
    """Four token maps to inverse depth; computes in float32 whatever the autocast.

    Args:
        width: Of the tokens.
        patch_size: Pixels.
        channels: Of the four maps that the tokens are turned into, the finest first.
        fusion: Channels in which they are joined.
        hidden: Channels before the last layer.
        activation: ``softplus``, ``relu`` or ``identity``.
    """

    def __init__(
        self,
        width: int,
        patch_size: int,
        *,
        channels: Sequence[int] = (96, 192, 384, 768),
        fusion: int = 128,
        hidden: int = 32,
        activation: str = "softplus",
    ) -> None:
        super().__init__()
        if activation not in ACTIVATIONS:
            raise ConfigError(
                f"activation: expected one of {', '.join(ACTIVATIONS)}, found {activation!r}."
            )
        if len(channels) != 4:
            raise ConfigError(f"channels: expected four numbers, found {list(channels)}.")
        config = DepthAnythingConfig(
            reassemble_hidden_size=width,
            patch_size=patch_size,
            neck_hidden_sizes=list(channels),
            reassemble_factors=[4, 2, 1, 0.5],
            fusion_hidden_size=fusion,
            head_hidden_size=hidden,
        )
        self.neck = DepthAnythingNeck(config)
        del self.neck.fusion_stage.layers[0].residual_layer1
        self.head = DepthAnythingDepthEstimationHead(config)
        self.head.activation2 = ACTIVATIONS[activation]()

    def forward(self, taps: Sequence[Tensor], grid: tuple[int, int]) -> Tensor:
        """Inverse depth, up to scale and shift.

        Args:
            taps: Four tensors (B, N, D), the earliest layer first.
            grid: Rows and columns of patches.

        Returns:
            (B, H, W) float32, as many pixels as the patches cover.
        """
        with torch.autocast(taps[0].device.type, enabled=False):
            stages = zip(taps, self.neck.reassemble_stage.layers, self.neck.convs, strict=True)
            maps = [conv(layer(_as_map(tap, grid))) for tap, layer, conv in stages]
            return self._estimate(self._fused(maps), grid)

    def _fused(self, maps: Sequence[Tensor]) -> Tensor:
        """Maps of rising coarseness to one of twice the size of the finest."""
        height, width = maps[0].shape[-2:]
        sizes = [(2 * height, 2 * width), *(one.shape[-2:] for one in maps[:-1])]
        fused: Tensor | None = None
        for one, size, layer in zip(
            maps[::-1], sizes[::-1], self.neck.fusion_stage.layers, strict=True
        ):
            if fused is not None:
                one = fused + layer.residual_layer1(one)
            fused = _resized(layer.projection(layer.residual_layer2(one)), size)
        assert fused is not None
        return fused

    def _estimate(self, fused: Tensor, grid: tuple[int, int]) -> Tensor:
        head = self.head
        size = (grid[0] * head.patch_size, grid[1] * head.patch_size)
        found = head.activation1(head.conv2(_resized(head.conv1(fused), size)))
        depth: Tensor = head.activation2(head.conv3(found)) * head.max_depth
        return depth.squeeze(1)


def _as_map(tokens: Tensor, grid: tuple[int, int]) -> Tensor:
    """(B, N, D) to (B, D, rows, columns) float32, whose channels stay last in memory."""
    return tokens.float().unflatten(1, grid).movedim(-1, 1)


def _resized(maps: Tensor, size: tuple[int, ...]) -> Tensor:
    if maps.shape[-2:] == size:
        return maps
    return F.interpolate(maps, size, mode="bilinear", align_corners=True)
