"""A ViT without adapter: the baseline row "DINOv2 adapted" of the paper.

The paper does not say how the maps are made; here tokens are interpolated to the four strides.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from argus.errors import ConfigError
from argus.models.backbones.base import Maps, VitBackbone
from argus.models.backbones.vit import VisionTransformer
from argus.registry import MODELS


@MODELS.register_module()
class PlainViT(VitBackbone):
    """ViT tokens, interpolated (bilinear) to strides 4, 8, 16 and 32.

    It has no parameters of its own; the other arguments are those of :class:`VitBackbone`.

    Args:
        vit: A ViT, or its config.
        layers: After which block the tokens of each of the four maps are taken, 1 to the depth,
            the finest map first; each through the ViT's last norm, as DINOv2's evaluations take
            them. None takes the final tokens for all maps.

    Raises:
        ConfigError: If the layers are not four of the ViT, or leave trained blocks without use.
    """

    def __init__(
        self,
        vit: dict[str, Any] | VisionTransformer,
        *,
        layers: Sequence[int] | None = None,
        freeze_vit: bool = True,
        resize_mode: str = "bicubic",
    ) -> None:
        super().__init__(vit, freeze_vit=freeze_vit, resize_mode=resize_mode)
        depth = self.vit.depth
        self.layers = tuple(layers) if layers is not None else (depth,) * len(self.strides)
        if len(self.layers) != len(self.strides) or not set(self.layers) <= set(
            range(1, depth + 1)
        ):
            raise ConfigError(
                f"PlainViT.layers expected four numbers from 1 to {depth}, the depth of the ViT, "
                f"found {self.layers}."
            )
        if not freeze_vit and max(self.layers) < depth:
            raise ConfigError(
                f"PlainViT.layers={self.layers}: no map needs the blocks after "
                f"{max(self.layers)} of {depth}, but freeze_vit=False trains them. Freeze the ViT, "
                f"or take {depth} for one of the maps."
            )

    def packed_maps(self, batches: Sequence[Tensor]) -> list[Maps]:
        """Compute the maps; see :meth:`VitBackbone.forward_packed`."""
        kept = self._kept(batches)
        return [self.spread(own, images) for own, images in zip(kept, batches, strict=True)]

    def kept(self, images: Tensor) -> Maps:
        """The tokens after each layer as a map (B, C, H/16, W/16), the first layer first."""
        return self._kept([images])[0]

    def _kept(self, batches: Sequence[Tensor]) -> list[Maps]:
        grids = [self.grid(images) for images in batches]
        tokens = [self.embed(images) for images in batches]
        kept: list[list[Tensor]] = [[] for _ in batches]
        with self.frozen_part():
            for start, stop in pairwise((0, *self._taken)):
                tokens = self.vit.run_packed(tokens, start, stop)
                for own, part, grid in zip(kept, tokens, grids, strict=True):
                    patches = self.vit.norm(part)[:, self.vit.num_prefix_tokens :]
                    own.append(patches.transpose(1, 2).unflatten(2, grid))
        return [tuple(own) for own in kept]

    def spread(self, kept: Maps, images: Tensor) -> Maps:
        """The maps of the tokens at the four strides."""
        height, width = images.shape[-2:]
        of_layer = dict(zip(self._taken, kept, strict=True))
        with self.frozen_part():
            return tuple(
                F.interpolate(
                    of_layer[layer],
                    size=(height // stride, width // stride),
                    mode="bilinear",
                    align_corners=False,
                )
                for layer, stride in zip(self.layers, self.strides, strict=True)
            )

    @property
    def _taken(self) -> list[int]:
        return sorted(set(self.layers))
