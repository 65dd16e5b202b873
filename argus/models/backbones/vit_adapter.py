"""The Argus backbone: a frozen ViT, DINOv2's or SigLIP's, and a trained adapter; four maps out.

Papers: Argus (CVPR 2025); ViT-Adapter, https://arxiv.org/abs/2205.08534. Against ViT-Adapter:
GroupNorm everywhere, norm scaling around the interactions, no windows, class token and registers
stay in the sequence, the ViT sees the image resized by 14/16, and its final tokens are added to all
four maps.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from argus.errors import ConfigError
from argus.layers.deform_attention import MSDeformAttention
from argus.layers.norm import build_norm2d
from argus.models.backbones.base import Maps, VitBackbone
from argus.models.backbones.interaction import Grid, Interaction, pyramid_grids
from argus.models.backbones.spatial_prior import SpatialPriorModule
from argus.models.backbones.vit import VisionTransformer
from argus.registry import MODELS

FEATURE_SOURCES = ("final", "stage")


@MODELS.register_module()
class ViTAdapter(VitBackbone):
    """ViT with adapter.

    Args:
        vit: A :class:`DinoVisionTransformer`, a :class:`SiglipVisionTransformer`, or its config.
        num_heads: Heads of the deformable attention; None takes those of the ViT.
        num_points: Points per head and level.
        value_ratio: Width of the deformable attention's values as a share of C.
        cffn_ratio: Hidden width of the ConvFFN as a share of C.
        conv_inplane: Channels of the spatial prior's stem.
        num_interactions: N; must divide the depth of the ViT.
        num_extra_extractors: Further extractors at the end.
        norm: ``GN``, or ``BN`` / ``SyncBN`` for the ablation.
        norm_groups: Groups of GN, or groups by width.
        scale_tokens: Norm scaling around the interactions.
        vit_feature_source: ``final`` adds the ViT's last tokens to all four maps; ``stage`` adds
            those after interaction i to map i (needs four interactions).
        final_norm: Apply the ViT's last norm to the tokens that are added.
        freeze_vit: Train the adapter alone.
        drop_path: Rate on the ConvFFN branch.
        with_cp: Activation checkpointing of ViT blocks, injectors and extractors.
        resize_mode: Interpolation of the image for the ViT.

    Raises:
        ConfigError: If the switches do not fit each other or the ViT.
    """

    def __init__(
        self,
        vit: dict[str, Any] | VisionTransformer,
        *,
        num_heads: int | None = None,
        num_points: int = 4,
        value_ratio: float = 0.5,
        cffn_ratio: float = 0.25,
        conv_inplane: int = 64,
        num_interactions: int = 4,
        num_extra_extractors: int = 2,
        norm: str = "GN",
        norm_groups: int | Mapping[int, int] = 32,
        scale_tokens: bool = True,
        vit_feature_source: str = "final",
        final_norm: bool = True,
        freeze_vit: bool = True,
        drop_path: float = 0.0,
        with_cp: bool = False,
        resize_mode: str = "bicubic",
    ) -> None:
        super().__init__(vit, freeze_vit=freeze_vit, resize_mode=resize_mode)
        depth, dim = self.vit.depth, self.embed_dim
        if num_interactions < 1 or depth % num_interactions:
            raise ConfigError(
                f"ViTAdapter.num_interactions expected a divisor of the ViT's depth {depth}, found "
                f"{num_interactions}."
            )
        if vit_feature_source not in FEATURE_SOURCES:
            raise ConfigError(
                f"ViTAdapter.vit_feature_source expected one of {FEATURE_SOURCES}, found "
                f"{vit_feature_source!r}."
            )
        if vit_feature_source == "stage" and num_interactions != 4:
            raise ConfigError(
                "ViTAdapter.vit_feature_source='stage' expected num_interactions=4, one for each "
                f"map, found {num_interactions}. Use 'final'."
            )
        self.vit_feature_source = vit_feature_source
        self.final_norm = final_norm
        self.with_cp = with_cp
        if with_cp:
            self.vit.with_cp = True
        if not final_norm:
            self.vit.norm.requires_grad_(False)  # unused, and must not wait for a gradient
        self.level_embed = nn.Parameter(torch.zeros(3, dim))
        self.spm = SpatialPriorModule(dim, conv_inplane, norm, norm_groups)
        step = depth // num_interactions
        self.interactions = nn.ModuleList(
            Interaction(
                blocks=(index * step, (index + 1) * step),
                num_extra_extractors=num_extra_extractors if index == num_interactions - 1 else 0,
                scale_tokens=scale_tokens,
                with_cp=with_cp,
                dim=dim,
                num_heads=num_heads or self.vit.num_heads,
                num_points=num_points,
                value_ratio=value_ratio,
                cffn_ratio=cffn_ratio,
                drop_path=drop_path,
            )
            for index in range(num_interactions)
        )
        self.up = nn.ConvTranspose2d(dim, dim, 2, stride=2)
        self.norms = nn.ModuleList(build_norm2d(norm, dim, norm_groups) for _ in self.strides)
        self._initialise()

    def packed_maps(self, batches: Sequence[Tensor]) -> list[Maps]:
        """Compute the feature pyramids; see :meth:`VitBackbone.forward_packed`.

        The ViT's blocks run once; spatial prior, injectors, extractors and norms batch by batch.
        """
        grids = [self.grid(images) for images in batches]
        tokens = [self.embed(images) for images in batches]
        priors = [self._prior(images) for images in batches]
        adapter_tokens = [prior[1] for prior in priors]
        stages = []
        for interaction in self.interactions:
            tokens, adapter_tokens = interaction(tokens, adapter_tokens, self.vit, grids)
            if self.vit_feature_source == "stage":
                stages.append(tokens)
        return [
            self._pyramid(grid, stride4, adapter, list(vit_tokens))
            for grid, (stride4, _), adapter, *vit_tokens in zip(
                grids, priors, adapter_tokens, *(stages or [tokens]), strict=True
            )
        ]

    def _prior(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """The spatial prior: the map at stride 4, and the tokens (B, S, C) of the other levels."""
        stride4, *levels = self.spm(images)
        embedded = [level + embed for level, embed in zip(levels, self.level_embed, strict=True)]
        return stride4, torch.cat(embedded, dim=1)

    def _pyramid(
        self, grid: Grid, stride4: Tensor, adapter_tokens: Tensor, vit_tokens: list[Tensor]
    ) -> Maps:
        """The four maps.

        Args:
            grid: The ViT's patch grid.
            stride4: Map of the spatial prior.
            adapter_tokens: (B, S, C), after the last interaction.
            vit_tokens: (B, P + N, C), after the last interaction alone, or after each of four.
        """
        vit_maps = [self._vit_map(tokens, grid) for tokens in vit_tokens]
        if len(vit_maps) == 1:
            vit_maps *= len(self.strides)
        parts = torch.split(adapter_tokens, [h * w for h, w in pyramid_grids(grid)], dim=1)
        stride8, stride16, stride32 = (
            torch.unflatten(part.transpose(1, 2), 2, size)
            for part, size in zip(parts, pyramid_grids(grid), strict=True)
        )
        maps = (stride4 + self.up(stride8), stride8, stride16, stride32)
        f0, f1, f2, f3 = (
            norm(level + _resize(vit_map, level))
            for level, vit_map, norm in zip(maps, vit_maps, self.norms, strict=True)
        )
        return f0, f1, f2, f3

    def _vit_map(self, tokens: Tensor, grid: tuple[int, int]) -> Tensor:
        """Return the patch tokens of (B, P + N, C) as (B, C, rows, columns)."""
        patches = tokens[:, self.vit.num_prefix_tokens :]
        if self.final_norm:
            patches = self.vit.norm(patches)
        return torch.unflatten(patches.transpose(1, 2), 2, grid)

    def _initialise(self) -> None:
        """Start as ViT-Adapter; deformable attention last, since it is made of linear layers."""
        adapter = [
            module for name, module in self.named_modules() if not f"{name}.".startswith("vit.")
        ]
        for module in adapter:
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                fan_out = math.prod(module.kernel_size) * module.out_channels // module.groups
                nn.init.normal_(module.weight, std=math.sqrt(2.0 / fan_out))
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        for module in adapter:
            if isinstance(module, MSDeformAttention):
                module.reset_parameters()
        nn.init.normal_(self.level_embed)


def _resize(vit_map: Tensor, level: Tensor) -> Tensor:
    """Resize (B, C, h, w) to the size of ``level`` (bilinear), if it has another one."""
    size = level.shape[-2:]
    if vit_map.shape[-2:] == size:
        return vit_map
    return F.interpolate(vit_map, size=size, mode="bilinear", align_corners=False)
