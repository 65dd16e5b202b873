"""Injector, extractor and the interaction of the adapter with a range of ViT blocks.

Papers: ViT-Adapter, https://arxiv.org/abs/2205.08534, section 3.4; Argus (CVPR 2025) adds the norm
scaling around the injector and keeps class token and registers in the ViT's sequence.
"""

from collections.abc import Sequence
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from argus.layers.deform_attention import MSDeformAttention
from argus.layers.drop_path import DropPath
from argus.layers.linear import Linear
from argus.layers.normed_linear import normed_linear
from argus.layers.token_norm import scale_tokens, token_scale, unscale_tokens
from argus.models.backbones.vit import VisionTransformer

Grid = tuple[int, int]


@lru_cache(maxsize=128)
def cell_centres(grids: tuple[Grid, ...], device: torch.device) -> Tensor:
    """Return the centres of all cells, (1, sum of cells, 1, 2) as x, y in [0, 1], row by row."""
    with torch.inference_mode(False):  # a cached inference tensor could not be saved for backward
        centres = []
        for rows, columns in grids:
            y = (torch.arange(rows, device=device, dtype=torch.float32) + 0.5) / rows
            x = (torch.arange(columns, device=device, dtype=torch.float32) + 0.5) / columns
            y, x = torch.meshgrid(y, x, indexing="ij")
            centres.append(torch.stack([x, y], -1).flatten(0, 1))
        return torch.cat(centres)[None, :, None]


def pyramid_grids(grid: Grid) -> tuple[Grid, Grid, Grid]:
    """Return the grids at strides 8, 16 and 32 for the ViT's grid at stride 16."""
    rows, columns = grid
    return (2 * rows, 2 * columns), (rows, columns), (rows // 2, columns // 2)


class ConvFFN(nn.Module):
    """Feed-forward network with a depthwise 3x3 convolution on each level of the pyramid."""

    def __init__(self, dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.fc1 = Linear(dim, hidden_dim)
        self.dwconv = nn.Conv2d(hidden_dim, hidden_dim, 3, padding=1, groups=hidden_dim)
        self.fc2 = Linear(hidden_dim, dim)

    def forward(self, tokens: Tensor, norm: nn.LayerNorm, grids: tuple[Grid, ...]) -> Tensor:
        """Return (B, S, C) for ``norm`` of (B, S, C), the levels of ``grids`` joined."""
        (hidden,) = normed_linear(tokens, norm, self.fc1)
        levels = []
        parts = hidden.split([rows * columns for rows, columns in grids], dim=1)
        for part, grid in zip(parts, grids, strict=True):
            maps = self.dwconv(part.transpose(1, 2).unflatten(2, grid))
            levels.append(maps.flatten(2).transpose(1, 2))
        out: Tensor = self.fc2(F.gelu(torch.cat(levels, dim=1)))
        return out


class Injector(nn.Module):
    """ViT tokens look at the adapter's three levels.

    ``gamma`` starts at zero, so an untrained adapter leaves the ViT unchanged.
    """

    def __init__(self, dim: int, num_heads: int, num_points: int, value_ratio: float) -> None:
        super().__init__()
        self.query_norm = nn.LayerNorm(dim, eps=1e-6)
        self.feat_norm = nn.LayerNorm(dim, eps=1e-6)
        self.attn = MSDeformAttention(dim, num_heads, 3, num_points, value_ratio)
        self.gamma = nn.Parameter(torch.zeros(dim))

    def forward(self, vit_tokens: Tensor, adapter_tokens: Tensor, grid: Grid) -> Tensor:
        """Return the residual (B, N, C) for ViT tokens (B, N, C), adapter tokens (B, S, C)."""
        attended = self.attn.attend_normed(
            vit_tokens,
            self.query_norm,
            cell_centres((grid,), vit_tokens.device),
            adapter_tokens,
            self.feat_norm,
            pyramid_grids(grid),
        )
        residual: Tensor = self.gamma * attended
        return residual


class Extractor(nn.Module):
    """Adapter tokens look at the ViT's map, then a ConvFFN."""

    def __init__(
        self,
        dim: int,
        num_heads: int,
        num_points: int,
        value_ratio: float,
        cffn_ratio: float,
        drop_path: float,
    ) -> None:
        super().__init__()
        self.query_norm = nn.LayerNorm(dim, eps=1e-6)
        self.feat_norm = nn.LayerNorm(dim, eps=1e-6)
        self.attn = MSDeformAttention(dim, num_heads, 1, num_points, value_ratio)
        self.ffn_norm = nn.LayerNorm(dim, eps=1e-6)
        self.ffn = ConvFFN(dim, int(dim * cffn_ratio))
        self.drop_path = DropPath(drop_path)

    def forward(self, adapter_tokens: Tensor, vit_tokens: Tensor, grid: Grid) -> Tensor:
        """Return the adapter tokens (B, S, C), updated from ViT patch tokens (B, N, C)."""
        grids = pyramid_grids(grid)
        adapter_tokens = adapter_tokens + self.attn.attend_normed(
            adapter_tokens,
            self.query_norm,
            cell_centres(grids, adapter_tokens.device),
            vit_tokens,
            self.feat_norm,
            (grid,),
        )
        out: Tensor = adapter_tokens + self.drop_path(
            self.ffn(adapter_tokens, self.ffn_norm, grids)
        )
        return out


class Interaction(nn.Module):
    """Injector, a range of ViT blocks, extractor (and extra extractors in the last one).

    Args:
        blocks: First and last-plus-one ViT block.
        num_extra_extractors: Extractors after the first.
        scale_tokens: The norm scaling; off for the ablation.
        with_cp: Activation checkpointing of injector and extractors.
        dim: C.
        num_heads: Heads of the deformable attention.
        num_points: Points per head and level.
        value_ratio: Width of the values as a share of C.
        cffn_ratio: Hidden width of the ConvFFN as a share of C.
        drop_path: Rate on the ConvFFN branch.
    """

    def __init__(
        self,
        *,
        blocks: tuple[int, int],
        num_extra_extractors: int,
        scale_tokens: bool,
        with_cp: bool,
        dim: int,
        num_heads: int,
        num_points: int,
        value_ratio: float,
        cffn_ratio: float,
        drop_path: float,
    ) -> None:
        super().__init__()
        self.blocks = blocks
        self.scale_tokens = scale_tokens
        self.with_cp = with_cp
        self.injector = Injector(dim, num_heads, num_points, value_ratio)
        self.extractors = nn.ModuleList(
            Extractor(dim, num_heads, num_points, value_ratio, cffn_ratio, drop_path)
            for _ in range(1 + num_extra_extractors)
        )

    def forward(
        self,
        tokens: Sequence[Tensor],
        adapter_tokens: Sequence[Tensor],
        vit: VisionTransformer,
        grids: Sequence[Grid],
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Run one interaction over one or more batches, each of images of one size.

        Args:
            tokens: (B, P + N, C) of each batch, the ViT's whole sequence.
            adapter_tokens: (B, S, C) of each, the levels at strides 8, 16, 32 joined.
            vit: The ViT that owns the blocks, which run once over all batches.
            grids: Its patch grid (rows, columns) for each.

        Returns:
            The two sequences of each batch, updated.
        """
        first = vit.num_prefix_tokens
        injected = [
            self._inject(*batch, first) for batch in zip(tokens, adapter_tokens, grids, strict=True)
        ]
        updated = vit.run_packed(injected, *self.blocks)
        extracted = [
            self._extract(*batch, first)
            for batch in zip(updated, adapter_tokens, grids, strict=True)
        ]
        return updated, extracted

    def _inject(self, tokens: Tensor, adapter_tokens: Tensor, grid: Grid, first: int) -> Tensor:
        """ViT tokens (B, P + N, C), the patches, from ``first`` on, with what the adapter adds."""
        prefix, patches = tokens[:, :first], tokens[:, first:]
        if self.scale_tokens:
            # Unscaling is linear: dividing the residual alone by the scale equals dividing the sum,
            # and leaves the tokens bit-equal while gamma is zero.
            scale = token_scale(patches)
            residual = self._run(self.injector, scale_tokens(patches, scale), adapter_tokens, grid)
            residual = unscale_tokens(residual, scale)
        else:
            residual = self._run(self.injector, patches, adapter_tokens, grid)
        return torch.cat([prefix, patches + residual], dim=1)

    def _extract(self, tokens: Tensor, adapter_tokens: Tensor, grid: Grid, first: int) -> Tensor:
        """Adapter tokens (B, S, C), updated from the patches of ViT tokens (B, P + N, C)."""
        patches = tokens[:, first:]
        if self.scale_tokens:
            patches = scale_tokens(patches, token_scale(patches))
        for extractor in self.extractors:
            adapter_tokens = self._run(extractor, adapter_tokens, patches, grid)
        return adapter_tokens

    def _run(self, module: nn.Module, queries: Tensor, values: Tensor, grid: Grid) -> Tensor:
        if self.with_cp and torch.is_grad_enabled():
            out: Tensor = checkpoint(module, queries, values, grid, use_reentrant=False)
        else:
            out = module(queries, values, grid)
        return out
