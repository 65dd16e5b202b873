"""DINOv2 without adapter: the baseline row "DINOv2 adapted" of the paper.

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
        grid = self.grid(images)
        tokens = self.embed(images)
        with self.frozen_part():
            tokens = self.vit.norm(self.vit.run_blocks(tokens))
            patches = tokens[:, self.vit.num_prefix_tokens :]
            maps = patches.transpose(1, 2).unflatten(2, grid)
            height, width = images.shape[-2:]
            sizes = [(height // stride, width // stride) for stride in self.strides]
            return tuple(
                F.interpolate(maps, size=size, mode="bilinear", align_corners=False)
                for size in sizes
            )
