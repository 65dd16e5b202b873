"""Small backbones and pseudo-random weights shared by the backbone tests."""

import torch
from torch import nn

from argus.models.backbones import DinoVisionTransformer, ViTAdapter

TOY_ARCH = dict(embed_dim=48, depth=4, num_heads=4)


def toy_vit(**overrides) -> DinoVisionTransformer:
    """A ViT of 48 channels and four blocks with random weights."""
    return DinoVisionTransformer(overrides.pop("arch", TOY_ARCH), weights="random", **overrides)


def toy_adapter(vit: DinoVisionTransformer | None = None, **overrides) -> ViTAdapter:
    """An adapter on the toy ViT; the same weights in every call."""
    torch.manual_seed(0)
    settings = dict(conv_inplane=16, norm_groups=8, num_interactions=2) | overrides
    return ViTAdapter(vit or toy_vit(), **settings)


def open_gamma(adapter: ViTAdapter, value: float = 0.5) -> ViTAdapter:
    """Let the injectors act: their gamma starts at zero."""
    with torch.no_grad():
        for interaction in adapter.interactions:
            interaction.injector.gamma.fill_(value)
    return adapter


def shake(module: nn.Module, seed: int = 0) -> nn.Module:
    """Give every parameter values that matter: no zeros in biases, no ones in norms."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            is_factor = name.endswith("gamma") or (".norm" in f".{name}" and "weight" in name)
            parameter.copy_(1.0 + 0.2 * noise if is_factor else 0.05 * noise)
    return module


def count(module: nn.Module, trainable: bool | None = None) -> int:
    """Count parameters; all, or those with or without gradient."""
    return sum(
        p.numel() for p in module.parameters() if trainable is None or p.requires_grad == trainable
    )
