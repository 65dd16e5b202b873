"""The network of RAM++, and the way from its released weights to it.

Source: "Open-Set Image Tagging with Multi-Grained Text Supervision" (Huang et al., arXiv
2310.15200) and the authors' code, https://github.com/xinyu1205/recognize-anything, whose names of
tensors :func:`own_names` translates. A Swin transformer sees the picture; every tag has 51
descriptions, embedded by CLIP, which the picture weighs against each other; two layers of
cross-attention let the tags look at the picture, and one number per tag comes out.

Checked: with random weights under the names of the authors' code, this network gives the logits of
that code. Not checked, for want of the file: that the released ``ram_plus_swin_large_14m.pth`` has
these names and no others, that its tags are scored as its authors report, and its licence. Tensors
that it has besides are named in a warning; one that is missing or of another shape is an error.
"""

import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from argus.errors import ConfigError

WIDTH = 512
"""Of CLIP's embeddings."""
_NORM_EPS = 1e-12
_LAYER = re.compile(r"^tagging_head\.encoder\.layer\.(\d+)\.(.+)$")
_DOWN = re.compile(r"^visual_encoder\.layers\.(\d+)\.downsample\.")
_IN_LAYER = {
    "crossattention.self.query": "query",
    "crossattention.self.key": "key",
    "crossattention.self.value": "value",
    "crossattention.output.dense": "out",
    "crossattention.output.LayerNorm": "norm",
    "intermediate.dense": "widen",
    "output.dense": "narrow",
    "output.LayerNorm": "last_norm",
}
_COMPUTED = ("relative_position_index", "attn_mask")


class TagLayer(nn.Module):
    """Tags look at the picture; a layer of BERT without self-attention, normalised afterwards.

    Args:
        hidden: Width of the tags.
        num_heads: Of the attention.
        widened: Width between the two layers of the MLP.
    """

    def __init__(self, hidden: int, num_heads: int, widened: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.query = nn.Linear(hidden, hidden)
        self.key, self.value = nn.Linear(WIDTH, hidden), nn.Linear(WIDTH, hidden)
        self.out = nn.Linear(hidden, hidden)
        self.norm = nn.LayerNorm(hidden, eps=_NORM_EPS)
        self.widen, self.narrow = nn.Linear(hidden, widened), nn.Linear(widened, hidden)
        self.last_norm = nn.LayerNorm(hidden, eps=_NORM_EPS)

    def forward(self, tags: Tensor, picture: Tensor) -> Tensor:
        """(B, T, hidden) of tags (B, T, hidden) and a picture (B, N, 512)."""
        query, key, value = (
            layer(values).unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
            for layer, values in ((self.query, tags), (self.key, picture), (self.value, picture))
        )
        seen = F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
        tags = self.norm(self.out(seen) + tags)
        return self.last_norm(self.narrow(F.gelu(self.widen(tags))) + tags)  # type: ignore[no-any-return]


class RamPlusNetwork(nn.Module):
    """Logits of tags; the sizes by default are those of the released weights.

    Args:
        num_tags: T.
        num_descriptions: Of each tag.
        side: Height and width of pictures.
        swin: More of ``timm``'s ``SwinTransformer``.
        hidden: Width of the tags.
        num_heads: Of their attention.

    Raises:
        ConfigError: ``timm`` is not installed.
    """

    def __init__(
        self,
        *,
        num_tags: int,
        num_descriptions: int = 51,
        side: int = 384,
        swin: Mapping[str, Any] | None = None,
        hidden: int = 768,
        num_heads: int = 4,
    ) -> None:
        super().__init__()
        try:
            from timm.models.swin_transformer import SwinTransformer
        except ImportError as error:
            raise ConfigError(
                "RamPlus needs timm: python -m pip install 'timm>=1.0.20,<2'."
            ) from error
        sizes = dict(embed_dim=192, depths=(2, 2, 18, 2), num_heads=(6, 12, 24, 48), window_size=12)
        self.num_descriptions = num_descriptions
        self.vision = SwinTransformer(img_size=side, num_classes=0, **{**sizes, **(swin or {})})
        self.vision_out = nn.Linear(self.vision.num_features, WIDTH)
        self.descriptions = nn.Parameter(torch.zeros(num_tags * num_descriptions, WIDTH))
        self.scale = nn.Parameter(torch.zeros([]))
        self.tags_in = nn.Linear(WIDTH, hidden)
        self.layers = nn.ModuleList(TagLayer(hidden, num_heads, 4 * hidden) for _ in range(2))
        self.out = nn.Linear(hidden, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits (B, T) of pictures (B, 3, S, S), normalised as for ImageNet."""
        tokens = self.vision.forward_features(pictures).flatten(1, 2)
        seen = self.vision_out(torch.cat([tokens.mean(1, keepdim=True), tokens], 1))
        whole = F.normalize(seen[:, 0], dim=-1)
        by_tag = self.descriptions.unflatten(0, (-1, self.num_descriptions))
        fit = self.scale.exp() * whole @ self.descriptions.T
        weights = fit.unflatten(1, (-1, self.num_descriptions)).softmax(-1)
        tags = F.relu(self.tags_in(torch.einsum("btd,tdc->btc", weights, by_tag)))
        for layer in self.layers:
            tags = layer(tags, seen)
        found: Tensor = self.out(tags).squeeze(-1)
        return found


_OUTSIDE = {
    "image_proj": "vision_out",
    "label_embed": "descriptions",
    "reweight_scale": "scale",
    "wordvec_proj": "tags_in",
    "fc": "out",
}


def own_names(state: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], list[str]]:
    """Tensors of the authors' code by the names of :class:`RamPlusNetwork`.

    Args:
        state: By their names.

    Returns:
        Those tensors, and the names that nothing here has a use for.
    """
    found, left = {}, []
    for theirs, value in state.items():
        name = theirs.replace("vision_multi.", "tagging_head.")  # as early files called it
        if name.endswith(_COMPUTED):
            continue
        own = _own_name(name)
        if own is None:
            left.append(theirs)
        else:
            found[own] = value
    return found, left


def _own_name(name: str) -> str | None:
    if match := _LAYER.match(name):
        module, _, kind = match[2].rpartition(".")
        return f"layers.{match[1]}.{_IN_LAYER[module]}.{kind}" if module in _IN_LAYER else None
    if match := _DOWN.match(name):  # timm has it at the beginning of the next stage
        return f"vision.layers.{int(match[1]) + 1}.downsample.{name[match.end() :]}"
    if name.startswith("visual_encoder."):
        return f"vision.{name.removeprefix('visual_encoder.')}"
    module, _, kind = name.partition(".")
    if module not in _OUTSIDE:
        return None
    return f"{_OUTSIDE[module]}.{kind}" if kind else _OUTSIDE[module]
