"""SigLIP's vision tower in two layouts: that of ``transformers``, and that of timm, which is ours.

``siglip`` is what ``SiglipVisionModel`` or ``SiglipModel`` has in a file or in memory;
``siglip_timm`` the names of :class:`~argus.models.backbones.siglip.SiglipVisionTransformer`, and of
timm's ``vit_*_siglip_*`` models without their pooling head. Values are the same, query, key and
value are one tensor there. What belongs to no patch is left out on the way to ours: the text
encoder, scale and bias of the logits, and the pooling head.
"""

import re
from collections.abc import Collection, Mapping

import torch
from torch import Tensor

from argus.models.backbones.conversion import Conversion, rename

SIGLIP, SIGLIP_TIMM = "siglip", "siglip_timm"
SIGLIP_LAYOUTS = (SIGLIP, SIGLIP_TIMM)

_NAMES = {
    "embeddings.patch_embedding": "patch_embed.proj",
    "encoder.layers.N.layer_norm1": "blocks.N.norm1",
    "encoder.layers.N.self_attn.out_proj": "blocks.N.attn.proj",
    "encoder.layers.N.layer_norm2": "blocks.N.norm2",
    "encoder.layers.N.mlp.fc1": "blocks.N.mlp.fc1",
    "encoder.layers.N.mlp.fc2": "blocks.N.mlp.fc2",
    "post_layernorm": "norm",
}
_POSITIONS = ("embeddings.position_embedding.weight", "pos_embed")
_QKV = re.compile(r"encoder\.layers\.(\d+)\.self_attn\.([qkv])_proj\.(weight|bias)")
_PREFIX = "vision_model."
# What a whole model, or the pooling of a tower, has beside the patches.
_LEFT_OUT = re.compile(r"text_model\..*|logit_scale|logit_bias|head\..*|attn_pool\..*")
_CLASS_TOKEN = "embeddings.class_embedding"  # of CLIP, whose other names are the same


def siglip_layout(names: Collection[str]) -> str | None:
    """Which of the two layouts names are of; ``None`` if of neither."""
    bare = {name.removeprefix(_PREFIX) for name in names}
    if _POSITIONS[0] in bare and _CLASS_TOKEN not in bare and any(map(_QKV.fullmatch, bare)):
        return SIGLIP
    if "pos_embed" in names and "cls_token" not in names and "blocks.0.attn.qkv.weight" in names:
        return SIGLIP_TIMM
    return None


def siglip_names(state: Mapping[str, Tensor]) -> set[str]:
    """The names that a tower of our layout has, for the depth found in ``state``."""
    blocks = [int(name.split(".")[1]) for name in state if re.match(r"blocks\.\d+\.", name)]
    layers = ["patch_embed.proj", "norm"]
    for block in range(max(blocks, default=-1) + 1):
        layers += [
            f"blocks.{block}.{part}"
            for part in ("norm1", "attn.qkv", "attn.proj", "norm2", "mlp.fc1", "mlp.fc2")
        ]
    return {"pos_embed"} | {f"{layer}.{leaf}" for layer in layers for leaf in ("weight", "bias")}


def from_transformers(state: Mapping[str, Tensor]) -> Conversion:
    """Our layout of a state of ``SiglipVisionModel`` or ``SiglipModel``."""
    out: dict[str, Tensor] = {}
    unused = []
    parts: dict[str, dict[str, Tensor]] = {}
    for full_name, tensor in state.items():
        name = full_name.removeprefix(_PREFIX)
        if _LEFT_OUT.fullmatch(name):
            continue
        qkv = _QKV.fullmatch(name)
        if qkv:
            block, part, leaf = qkv.groups()
            parts.setdefault(f"blocks.{block}.attn.qkv.{leaf}", {})[part] = tensor
        elif name == _POSITIONS[0]:
            out[_POSITIONS[1]] = tensor[None]
        elif (ours := rename(name, _NAMES)) is not None:
            out[ours] = tensor
        else:
            unused.append(full_name)
    for name, found in parts.items():
        if len(found) == 3:  # an incomplete one is reported as missing
            out[name] = torch.cat([found[part] for part in "qkv"])
    return Conversion(out, unused=unused)


def to_transformers(state: Mapping[str, Tensor]) -> Conversion:
    """A state of our layout as the patches' part of a ``SiglipVisionModel``, by its file's names.

    The pooling head is not in it: read with ``vision_use_head=False`` in the config.
    """
    names = {ours: theirs for theirs, ours in _NAMES.items()}
    out: dict[str, Tensor] = {}
    for name, tensor in state.items():
        qkv = re.fullmatch(r"blocks\.(\d+)\.attn\.qkv\.(weight|bias)", name)
        if qkv:
            layer = f"{_PREFIX}encoder.layers.{qkv[1]}.self_attn"
            for part, piece in zip("qkv", tensor.chunk(3), strict=True):
                out[f"{layer}.{part}_proj.{qkv[2]}"] = piece.clone()
        elif name == _POSITIONS[1]:
            out[_PREFIX + _POSITIONS[0]] = tensor[0]
        else:
            renamed = rename(name, names)
            assert renamed is not None, name
            out[_PREFIX + renamed] = tensor
    return Conversion(out)


def without_pooling(state: Mapping[str, Tensor]) -> Conversion:
    """Our layout of a file of timm, whose pooling head is left out."""
    return Conversion({name: v for name, v in state.items() if not _LEFT_OUT.fullmatch(name)})
