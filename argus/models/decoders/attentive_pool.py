"""Attentive pooling: one learned query attends to the tokens of several feature maps.

Source: the attentional pooler of CoCa (Yu et al., 2022, section 3.2), which Argus puts before its
linear classifier.

What was changed: the keys are the tokens of all chosen levels, concatenated. And because there is
one query, attention is computed in a cheaper order that gives the same numbers. With head h, tokens
``x_n``, query ``q_h`` and projections ``W_k, b_k, W_v, b_v``:

    score_hn = q_h . (W_k,h x_n + b_k,h) = (W_k,h^T q_h) . x_n + q_h . b_k,h
    out_h = sum_n a_hn (W_v,h x_n + b_v,h) = W_v,h (sum_n a_hn x_n) + b_v,h     as sum_n a_hn = 1

so no token is ever projected. For N tokens of C channels and H heads the two projections of N x C^2
multiply-adds each become two products of N x C x H: with N = 4165, C = 768, H = 12 (a 224 px image,
four levels), 4.91 G become 0.077 G multiply-adds, a factor C / H = 64.
"""

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from argus.errors import ConfigError
from argus.registry import MODELS


@MODELS.register_module()
class AttentivePooling(BaseModule):
    """Pool feature maps to one vector per image; the neck of a mmpretrain ``ImageClassifier``.

    Args:
        in_channels: Channels of every chosen feature map, and of the pooled vector.
        num_heads: Heads of the cross-attention; must divide ``in_channels``.
        levels: Indices of the feature maps whose tokens are pooled.
        init_cfg: See mmengine's ``BaseModule``.

    Raises:
        ConfigError: ``num_heads`` does not divide ``in_channels``, or ``levels`` is empty.
    """

    def __init__(
        self,
        in_channels: int,
        num_heads: int,
        levels: Sequence[int] = (0, 1, 2, 3),
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        if in_channels % num_heads:
            raise ConfigError(
                f"AttentivePooling: num_heads must divide in_channels, found num_heads={num_heads} "
                f"and in_channels={in_channels}; choose a divisor of {in_channels}."
            )
        if not levels:
            raise ConfigError(
                "AttentivePooling: levels is empty; name at least one feature map, for example "
                "levels=(0, 1, 2, 3)."
            )
        self.in_channels = in_channels
        self.num_heads = num_heads
        self.levels = tuple(levels)

        self.query_embed = nn.Parameter(torch.empty(1, in_channels))
        self.query_norm = nn.LayerNorm(in_channels)
        self.token_norm = nn.LayerNorm(in_channels)
        self.query_proj = nn.Linear(in_channels, in_channels)
        self.key_proj = nn.Linear(in_channels, in_channels)
        self.value_proj = nn.Linear(in_channels, in_channels)
        self.out_proj = nn.Linear(in_channels, in_channels)
        self.out_norm = nn.LayerNorm(in_channels)

        nn.init.normal_(self.query_embed)
        for proj in (self.query_proj, self.key_proj, self.value_proj, self.out_proj):
            nn.init.xavier_uniform_(proj.weight)
            nn.init.zeros_(proj.bias)

    def forward(self, maps: Sequence[Tensor]) -> tuple[Tensor]:
        """Pool the chosen maps.

        Args:
            maps: Feature maps ``(B, C, H_l, W_l)``, one per level of the backbone.

        Returns:
            A tuple of one tensor ``(B, C)``, as mmpretrain's heads expect.

        Raises:
            ConfigError: The backbone gave fewer maps than ``levels`` asks for.
        """
        if not all(-len(maps) <= level < len(maps) for level in self.levels):
            raise ConfigError(
                f"AttentivePooling: levels={self.levels}, but the backbone gives {len(maps)} "
                f"feature maps; use indices from 0 to {len(maps) - 1}."
            )
        tokens = torch.cat([maps[i].flatten(2).transpose(1, 2) for i in self.levels], dim=1)
        pooled = self.attend(self.token_norm(tokens))
        return (self.out_norm(self.out_proj(pooled)),)

    def attend(self, tokens: Tensor) -> Tensor:
        """Cross-attention of the learned query, before the output projection.

        Args:
            tokens: Normalised tokens ``(B, N, C)``.

        Returns:
            Concatenated heads, ``(B, C)``.
        """
        num_heads, head_channels = self.num_heads, self.in_channels // self.num_heads
        query = self.query_proj(self.query_norm(self.query_embed))
        query = query.view(num_heads, head_channels) * head_channels**-0.5
        key_weight = self.key_proj.weight.view(num_heads, head_channels, self.in_channels)
        value_weight = self.value_proj.weight.view(num_heads, head_channels, self.in_channels)
        # The key bias shifts all scores of a head alike, which softmax ignores. It stays in so that
        # the module is the plain one to the letter, with every parameter in the graph.
        key_bias = self.key_proj.bias.view(num_heads, head_channels)

        folded_query = torch.einsum("hd,hdc->hc", query, key_weight)
        scores = torch.einsum("hc,bnc->bhn", folded_query, tokens)
        scores = scores + (query * key_bias).sum(1)[None, :, None]
        accurate = torch.promote_types(scores.dtype, torch.float32)
        attention = scores.softmax(dim=-1, dtype=accurate).to(tokens.dtype)  # (B, H, N)
        pooled = attention @ tokens  # (B, H, C)
        heads = torch.einsum("bhc,hdc->bhd", pooled, value_weight)
        return heads.flatten(1) + self.value_proj.bias
