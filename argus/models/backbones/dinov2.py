"""DINOv2 vision transformer, with or without registers.

Papers: DINOv2, https://arxiv.org/abs/2304.07193; registers, https://arxiv.org/abs/2309.16588.
Parameter names are those of the released checkpoints. Written for block-wise use: the adapter runs
each block itself, so tokens are prepared and blocks exposed apart from ``forward_features``.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from argus.layers.attention import Attention
from argus.layers.layer_scale import LayerScale
from argus.layers.mlp import Mlp, SwiGLUFFN
from argus.layers.packing import Packing
from argus.layers.patch_embed import PatchEmbed
from argus.layers.pos_embed import interpolate_pos_embed
from argus.models.backbones.vit import RANDOM, Architecture, VisionTransformer, initialise
from argus.models.backbones.weights import load_official_weights
from argus.registry import MODELS

ARCHITECTURES = {
    "small": Architecture(384, 12, 6, name="vits"),
    "base": Architecture(768, 12, 12, name="vitb"),
    "large": Architecture(1024, 24, 16, name="vitl"),
    "giant": Architecture(1536, 40, 24, ffn="swiglu", name="vitg"),
}


class Block(nn.Module):
    """Pre-norm transformer block with LayerScale on both branches."""

    def __init__(self, arch: Architecture, init_values: float, attention_backend: str | None):
        super().__init__()
        dim, hidden_dim = arch.embed_dim, int(arch.embed_dim * arch.mlp_ratio)
        self.norm1 = nn.LayerNorm(dim, eps=1e-6)
        self.attn = Attention(dim, arch.num_heads, attention_backend)
        self.ls1 = LayerScale(dim, init_values)
        self.norm2 = nn.LayerNorm(dim, eps=1e-6)
        self.mlp = SwiGLUFFN(dim, hidden_dim) if arch.ffn == "swiglu" else Mlp(dim, hidden_dim)
        self.ls2 = LayerScale(dim, init_values)

    def forward(self, tokens: Tensor, packing: Packing | None = None) -> Tensor:
        """Return (B, N, C) for (B, N, C), or (T, C) for (T, C) with a packing."""
        tokens = self.ls1(tokens, self.attn(self.norm1(tokens), packing))
        out: Tensor = self.ls2(tokens, self.mlp(self.norm2(tokens)))
        return out


@MODELS.register_module()
class DinoVisionTransformer(VisionTransformer):
    """The ViT of DINOv2.

    Args:
        arch: ``small``, ``base``, ``large``, ``giant``, or a dict with ``embed_dim``, ``depth``,
            ``num_heads`` and optionally ``ffn`` (``mlp`` or ``swiglu``), ``mlp_ratio``, ``name``.
        weights: Path of a weight file in the official, timm or Hugging Face layout, or ``random``
            to say explicitly that no pretrained weights are wanted (tests, generated scenes).
        patch_size: Pixels.
        num_registers: 0 or 4 for released weights.
        img_size: Side of the pretraining image, pixels; sets the size of the position table.
        init_values: Start of LayerScale; a weight file overwrites it.
        weights_seed: Seed of the random weights. They come from their own generator, so one config
            gives the same base on every machine and rank.
        with_cp: Activation checkpointing of each block.
        attention_backend: ``sdpa``, ``matmul``, ``xformers``, ``varlen`` or None to choose.

    Raises:
        ConfigError: If ``arch`` is unknown.
        CheckpointError: If the weight file is missing, unreadable or of another architecture.
    """

    architectures = ARCHITECTURES
    mean = (123.675, 116.28, 103.53)  # ImageNet's
    std = (58.395, 57.12, 57.375)

    def __init__(
        self,
        arch: str | Mapping[str, Any],
        *,
        weights: str,
        patch_size: int = 14,
        num_registers: int = 4,
        img_size: int = 518,
        init_values: float = 1.0,
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
        self.num_registers = num_registers
        dim, side = self.embed_dim, img_size // patch_size
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + side * side, dim))
        if num_registers:
            self.register_tokens = nn.Parameter(torch.zeros(1, num_registers, dim))
        # Used in DINOv2's pretraining alone; kept because the released files hold it.
        self.mask_token = nn.Parameter(torch.zeros(1, dim), requires_grad=False)
        self.patch_embed = PatchEmbed(patch_size, dim)
        self.blocks = nn.ModuleList(
            Block(self.arch, init_values, attention_backend) for _ in range(self.depth)
        )
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        if weights == RANDOM:
            self._initialise(torch.Generator().manual_seed(weights_seed))
        else:
            load_official_weights(self, weights, name=self.architecture_name)

    @property
    def architecture_name(self) -> str:
        """Name in the style of the released models, for example ``dinov2_vitb14_reg4``."""
        return architecture_name(self.arch, self.patch_size, self.num_registers)

    @property
    def num_prefix_tokens(self) -> int:
        """Class token and registers, which stand before the patch tokens."""
        return 1 + self.num_registers

    def prepare_tokens(self, images: Tensor) -> Tensor:
        """Embed normalised images (B, 3, H, W), sides multiples of the patch size.

        Returns:
            (B, 1 + R + N, C): class token, registers, patches row by row; positions added to the
            class token and the patches.
        """
        grid = (images.shape[-2] // self.patch_size, images.shape[-1] // self.patch_size)
        patches = self.patch_embed(images)
        # As the hub: register models resize exactly with antialias, the others with offset 0.1.
        table = interpolate_pos_embed(
            self.pos_embed[:, 1:],
            grid,
            antialias=self.num_registers > 0,
            offset=0.0 if self.num_registers else 0.1,
        )
        prefix = [(self.cls_token + self.pos_embed[:, :1]).expand(images.shape[0], -1, -1)]
        if self.num_registers:
            prefix.append(self.register_tokens.expand(images.shape[0], -1, -1))
        return torch.cat([*prefix, patches + table], dim=1)

    def forward(self, images: Tensor) -> Tensor:
        """Return the class token (B, C), as the released models do."""
        token = self.forward_features(images).cls_token
        assert token is not None
        return token

    @torch.no_grad()
    def _initialise(self, generator: torch.Generator) -> None:
        initialise(self, generator)
        nn.init.trunc_normal_(self.pos_embed, std=0.02, generator=generator)
        self.cls_token.normal_(std=1e-6, generator=generator)
        if self.num_registers:
            self.register_tokens.normal_(std=1e-6, generator=generator)


def architecture_name(arch: Architecture, patch_size: int, num_registers: int) -> str:
    """Name in the style of the released models, for example ``dinov2_vitb14_reg4``."""
    registers = f"_reg{num_registers}" if num_registers else ""
    return f"dinov2_{arch.name}{patch_size}{registers}"
