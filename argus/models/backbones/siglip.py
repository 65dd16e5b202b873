"""SigLIP's vision tower as a ViT: no class token, no registers, patches alone.

Papers: SigLIP, https://arxiv.org/abs/2303.15343; MTV, https://arxiv.org/abs/2601.13886, whose
encoders have SigLIP's form. Parameters are named as in DINOv2 and timm; a file in the layout of
``transformers`` is brought into these names (:mod:`~argus.models.backbones.siglip_layouts`). The
pooling head is left out: maps are made of patches.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from argus.errors import ConfigError
from argus.layers.attention import Attention
from argus.layers.mlp import Mlp
from argus.layers.packing import Packing
from argus.layers.patch_embed import PatchEmbed
from argus.layers.pos_embed import interpolate_pos_embed
from argus.models.backbones.siglip_weights import load_siglip_weights
from argus.models.backbones.vit import RANDOM, Architecture, VisionTransformer, initialise
from argus.registry import MODELS


class Block(nn.Module):
    """Pre-norm transformer block, GELU in its tanh form."""

    def __init__(self, arch: Architecture, attention_backend: str | None) -> None:
        super().__init__()
        dim = arch.embed_dim
        self.norm1 = nn.LayerNorm(dim, eps=1e-6)
        self.attn = Attention(dim, arch.num_heads, attention_backend)
        self.norm2 = nn.LayerNorm(dim, eps=1e-6)
        self.mlp = Mlp(dim, round(dim * arch.mlp_ratio), approximate="tanh")

    def forward(self, tokens: Tensor, packing: Packing | None = None) -> Tensor:
        """Return (B, N, C) for (B, N, C), or (T, C) for (T, C) with a packing."""
        tokens = tokens + self.attn(self.norm1(tokens), packing)
        out: Tensor = tokens + self.mlp(self.norm2(tokens))
        return out


@MODELS.register_module()
class SiglipVisionTransformer(VisionTransformer):
    """The vision tower of SigLIP, SigLIP 2 at a fixed resolution, and MTV.

    Args:
        arch: ``base``, ``large``, ``so400m``, or a dict with ``embed_dim``, ``depth``,
            ``num_heads`` and optionally ``mlp_ratio``, ``name``.
        weights: Folder that ``save_pretrained`` of ``transformers`` wrote, of a vision tower or of
            a whole ``SiglipModel``, whose other parts are left out; or a weight file of it; or
            ``random`` to say explicitly that no pretrained weights are wanted.
        patch_size: Pixels.
        img_size: Side of the pretraining image, pixels; sets the size of the position table.
        weights_seed: Seed of the random weights. They come from their own generator, so one config
            gives the same base on every machine and rank.
        with_cp: Activation checkpointing of each block.
        attention_backend: ``sdpa``, ``matmul``, ``xformers``, ``varlen`` or None to choose.

    Raises:
        ConfigError: If ``arch`` is unknown.
        CheckpointError: If the weights are missing, unreadable or of another architecture.
    """

    architectures = {
        "base": Architecture(768, 12, 12, name="vitb"),
        "large": Architecture(1024, 24, 16, name="vitl"),
        "so400m": Architecture(1152, 27, 16, mlp_ratio=4304 / 1152, name="vitso400m_"),
    }
    mean = (127.5, 127.5, 127.5)
    std = (127.5, 127.5, 127.5)

    def __init__(
        self,
        arch: str | Mapping[str, Any],
        *,
        weights: str,
        patch_size: int = 16,
        img_size: int = 224,
        weights_seed: int = 0,
        with_cp: bool = False,
        attention_backend: str | None = None,
    ) -> None:
        super().__init__(
            self.architecture(arch),
            weights=weights,
            patch_size=patch_size,
            weights_seed=weights_seed,
            with_cp=with_cp,
        )
        if self.arch.ffn != "mlp":
            raise ConfigError(
                f"SiglipVisionTransformer.arch.ffn expected 'mlp', found {self.arch.ffn!r}."
            )
        dim, side = self.embed_dim, img_size // patch_size
        self.pos_embed = nn.Parameter(torch.zeros(1, side * side, dim))
        self.patch_embed = PatchEmbed(patch_size, dim)
        self.blocks = nn.ModuleList(Block(self.arch, attention_backend) for _ in range(self.depth))
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        if weights == RANDOM:
            generator = torch.Generator().manual_seed(weights_seed)
            initialise(self, generator)
            nn.init.trunc_normal_(self.pos_embed, std=0.02, generator=generator)
        else:
            load_siglip_weights(self, weights, name=self.architecture_name)

    @property
    def architecture_name(self) -> str:
        """Family, size and patch, for example ``siglip_vitb16``."""
        return f"siglip_{self.arch.name}{self.patch_size}"

    @property
    def num_prefix_tokens(self) -> int:
        """None: the patches are the whole sequence."""
        return 0

    def prepare_tokens(self, images: Tensor) -> Tensor:
        """Embed normalised images (B, 3, H, W), sides multiples of the patch size.

        Returns:
            (B, N, C): patches row by row, positions added. The table of positions is interpolated
            (bicubic, no antialias) as ``interpolate_pos_encoding=True`` of ``transformers`` does.
        """
        grid = (images.shape[-2] // self.patch_size, images.shape[-1] // self.patch_size)
        patches: Tensor = self.patch_embed(images)
        return patches + interpolate_pos_embed(self.pos_embed, grid, antialias=False)

    def forward(self, images: Tensor) -> Tensor:
        """Return the patch tokens (B, N, C) after the last norm, ``last_hidden_state``."""
        return self.forward_features(images).patch_tokens
