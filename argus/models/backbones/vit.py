"""What a ViT is to a backbone: tokens, blocks that are run one by one, a norm, and its pixels.

Two families are there, DINOv2 (:mod:`~argus.models.backbones.dinov2`) and SigLIP
(:mod:`~argus.models.backbones.siglip`). They differ in their tokens, blocks and files; an adapter
or a decoder does not ask which one it stands on.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from argus.errors import ConfigError
from argus.layers.packing import Packing

RANDOM = "random"
Pixel = tuple[float, float, float]


@dataclass(frozen=True)
class Architecture:
    """Sizes of a ViT. ``ffn`` is ``mlp`` or ``swiglu``; ``name`` goes into the base name."""

    embed_dim: int
    depth: int
    num_heads: int
    ffn: str = "mlp"
    mlp_ratio: float = 4.0
    name: str = ""


class VitFeatures(NamedTuple):
    """Tokens after the last norm: (B, C) or ``None``, (B, R, C) and (B, N, C)."""

    cls_token: Tensor | None
    registers: Tensor
    patch_tokens: Tensor


class VisionTransformer(nn.Module):
    """A ViT; a family says its tokens and the names of its parameters.

    The parameters have one naming: ``pos_embed``, ``patch_embed.proj``, ``blocks.N`` and ``norm``.

    Args:
        arch: Sizes, resolved.
        weights: Path of its weights, or ``random``.
        patch_size: Pixels.
        weights_seed: Seed of the random weights.
        with_cp: Activation checkpointing of each block.

    Attributes:
        architectures: Sizes of the family by name.
        mean: Of the red, green and blue that its weights were trained on, in [0, 255].
        std: Their deviations.
        num_prefix_tokens: Tokens before those of the patches.
    """

    architectures: ClassVar[Mapping[str, Architecture]]
    mean: ClassVar[Pixel]
    std: ClassVar[Pixel]
    blocks: nn.ModuleList
    norm: nn.LayerNorm

    def __init__(
        self,
        arch: Architecture,
        *,
        weights: str,
        patch_size: int,
        weights_seed: int,
        with_cp: bool,
    ) -> None:
        super().__init__()
        self.arch = arch
        self.patch_size = patch_size
        self.embed_dim = arch.embed_dim
        self.num_heads = arch.num_heads
        self.depth = arch.depth
        self.with_cp = with_cp
        self.weights = weights
        self.weights_seed = weights_seed

    @classmethod
    def architecture(cls, arch: str | Mapping[str, Any]) -> Architecture:
        """Look up or build the sizes that ``arch`` of a config names.

        Raises:
            ConfigError: If the name, a key or the kind of feed-forward network is unknown.
        """
        return resolve_architecture(arch, cls.architectures, of=cls.__name__)

    @property
    @abstractmethod
    def architecture_name(self) -> str:
        """Family, size and patch in one word, for example ``dinov2_vitb14_reg4``."""

    @property
    def base_name(self) -> str:
        """The architecture name, marked when the weights are random."""
        suffix = f"+random{self.weights_seed}" if self.weights == RANDOM else ""
        return self.architecture_name + suffix

    @property
    @abstractmethod
    def num_prefix_tokens(self) -> int:
        """Tokens before those of the patches: class token and registers."""

    @abstractmethod
    def prepare_tokens(self, images: Tensor) -> Tensor:
        """Embed normalised images (B, 3, H, W), sides multiples of the patch size.

        Returns:
            (B, P + N, C): what stands before the patches, and the patches row by row, positions
            added.
        """

    def run_blocks(
        self,
        tokens: Tensor,
        start: int = 0,
        stop: int | None = None,
        *,
        packing: Packing | None = None,
    ) -> Tensor:
        """Run blocks ``start`` to ``stop`` (exclusive) on (B, N, C), or (T, C) with a packing."""
        for block in self.blocks[start:stop]:
            if self.with_cp and torch.is_grad_enabled():
                tokens = checkpoint(block, tokens, packing, use_reentrant=False)
            else:
                tokens = block(tokens, packing)
        return tokens

    def run_packed(
        self, parts: Sequence[Tensor], start: int = 0, stop: int | None = None
    ) -> list[Tensor]:
        """Run blocks once over the tokens (B, N, C) of several sizes of images; B and N vary."""
        if len(parts) == 1:
            return [self.run_blocks(parts[0], start, stop)]
        packing = Packing.of(parts)
        return packing.split(self.run_blocks(packing.join(parts), start, stop, packing=packing))

    def forward_features(self, images: Tensor) -> VitFeatures:
        """Run the whole ViT on normalised images (B, 3, H, W); tokens after the last norm."""
        tokens = self.norm(self.run_blocks(self.prepare_tokens(images)))
        first = self.num_prefix_tokens
        return VitFeatures(tokens[:, 0] if first else None, tokens[:, 1:first], tokens[:, first:])


def resolve_architecture(
    arch: str | Mapping[str, Any], known: Mapping[str, Architecture], *, of: str
) -> Architecture:
    """Look up or build the sizes of a ViT.

    Args:
        arch: A name, or the sizes.
        known: Sizes by name.
        of: Name of the class, for messages.

    Raises:
        ConfigError: If the name, a key or the kind of feed-forward network is unknown.
    """
    if isinstance(arch, str):
        if arch not in known:
            raise ConfigError(
                f"{of}.arch expected one of {sorted(known)} or a dict, found {arch!r}."
            )
        return known[arch]
    sizes = dict(arch)
    try:
        resolved = Architecture(**sizes)
    except TypeError as error:
        raise ConfigError(
            f"{of}.arch expected a dict with embed_dim, depth, num_heads and "
            f"optionally ffn, mlp_ratio, name; found the keys {sorted(sizes)}."
        ) from error
    if resolved.ffn not in ("mlp", "swiglu"):
        raise ConfigError(f"{of}.arch.ffn expected 'mlp' or 'swiglu', found {resolved.ffn!r}.")
    if not resolved.name:
        sizes["name"] = f"vit{resolved.embed_dim}x{resolved.depth}_"
        return Architecture(**sizes)
    return resolved


@torch.no_grad()
def initialise(vit: VisionTransformer, generator: torch.Generator) -> None:
    """Random weights of linear layers and convolutions, truncated normal; zero biases."""
    for module in vit.modules():
        if isinstance(module, nn.Linear | nn.Conv2d):
            nn.init.trunc_normal_(module.weight, std=0.02, generator=generator)
            if module.bias is not None:
                module.bias.zero_()
