"""A ViT without adapter: the baseline row "DINOv2 adapted" of the paper.

The paper does not say how the maps are made; here the final tokens are interpolated to the four
strides.
"""

import torch.nn.functional as F
from torch import Tensor

from argus.models.backbones.base import VitBackbone
from argus.registry import MODELS


@MODELS.register_module()
class PlainViT(VitBackbone):
    """Final ViT tokens, interpolated (bilinear) to strides 4, 8, 16 and 32.

    It has no parameters of its own; the arguments are those of :class:`VitBackbone`.
    """

    def maps(self, images: Tensor) -> tuple[Tensor, ...]:
        """Compute the four maps; see :meth:`VitBackbone.forward`."""
        return self.spread(self.kept(images), images)

    def kept(self, images: Tensor) -> tuple[Tensor, ...]:
        """The final tokens as one map (B, C, H/16, W/16); all four are made of it."""
        grid = self.grid(images)
        tokens = self.embed(images)
        with self.frozen_part():
            tokens = self.vit.norm(self.vit.run_blocks(tokens))
            patches = tokens[:, self.vit.num_prefix_tokens :]
            return (patches.transpose(1, 2).unflatten(2, grid),)

    def spread(self, kept: tuple[Tensor, ...], images: Tensor) -> tuple[Tensor, ...]:
        """The map of the tokens at the four strides."""
        height, width = images.shape[-2:]
        sizes = [(height // stride, width // stride) for stride in self.strides]
        with self.frozen_part():
            return tuple(
                F.interpolate(kept[0], size=size, mode="bilinear", align_corners=False)
                for size in sizes
            )
