"""DINOv2 weights in three layouts: official, timm, Hugging Face; conversion in every direction.

SigLIP's two layouts (:mod:`~argus.models.backbones.siglip_layouts`) are recognised here too.

The official layout is the middle: every conversion goes through it. Two conversions cannot be bit
for bit: timm keeps no ``mask_token`` (written as zeros on the way back; nothing but DINOv2's
pretraining reads it), and timm's register models keep the position of the class token inside the
class token (on the way back the position is zero and the sum stays in the token). Features are the
same in both cases.
"""

import re
from collections.abc import Callable, Iterable, Mapping

import torch
from torch import Tensor

from argus.errors import CheckpointError
from argus.models.backbones import siglip_layouts
from argus.models.backbones.conversion import Conversion, rename
from argus.models.backbones.siglip_layouts import SIGLIP, SIGLIP_LAYOUTS, SIGLIP_TIMM

LAYOUTS = ("official", "timm", "hf")

_BLOCK_PARTS = ("norm1", "attn.qkv", "attn.proj", "norm2")
_MLP_PARTS = ("mlp.fc1", "mlp.fc2")
_GATED_PARTS = ("mlp.w12", "mlp.w3")

# Hugging Face name -> official name; N is a block number. Query, key and value stand apart there.
_HF_NAMES = {
    "embeddings.cls_token": "cls_token",
    "embeddings.mask_token": "mask_token",
    "embeddings.register_tokens": "register_tokens",
    "embeddings.position_embeddings": "pos_embed",
    "embeddings.patch_embeddings.projection": "patch_embed.proj",
    "encoder.layer.N.norm1": "blocks.N.norm1",
    "encoder.layer.N.attention.output.dense": "blocks.N.attn.proj",
    "encoder.layer.N.layer_scale1.lambda1": "blocks.N.ls1.gamma",
    "encoder.layer.N.norm2": "blocks.N.norm2",
    "encoder.layer.N.mlp.fc1": "blocks.N.mlp.fc1",
    "encoder.layer.N.mlp.fc2": "blocks.N.mlp.fc2",
    "encoder.layer.N.mlp.weights_in": "blocks.N.mlp.w12",
    "encoder.layer.N.mlp.weights_out": "blocks.N.mlp.w3",
    "encoder.layer.N.layer_scale2.lambda1": "blocks.N.ls2.gamma",
    "layernorm": "norm",
}
# A state in memory of transformers 5 -> the name in the files, which are as they were.
_HF_MEMORY_NAMES = {
    ".attention.q_proj.": ".attention.attention.query.",
    ".attention.k_proj.": ".attention.attention.key.",
    ".attention.v_proj.": ".attention.attention.value.",
    ".attention.o_proj.": ".attention.output.dense.",
    ".mlp.down_proj.": ".mlp.weights_out.",
}
_HF_QKV = "encoder.layer.{block}.attention.attention.{part}.{leaf}"
_HF_PREFIXES = ("dinov2_with_registers.", "dinov2.")


def detect_layout(names: Iterable[str]) -> str:
    """Tell the layout from the parameter names.

    Raises:
        CheckpointError: If the names are of none of the layouts.
    """
    found = set(names)
    siglip = siglip_layouts.siglip_layout(found)
    if siglip is not None:
        return siglip
    if any(
        re.search(r"(^|\.)(embeddings\.cls_token|encoder\.layer\.\d+\.)", name) for name in found
    ):
        return "hf"
    if "cls_token" in found and any(name.startswith("blocks.") for name in found):
        official = {"mask_token", "register_tokens"} & found
        return "official" if official or any(".mlp.w12." in name for name in found) else "timm"
    raise CheckpointError(
        f"Expected DINOv2 weights in one of the layouts {LAYOUTS} (parameters such as 'cls_token', "
        "'blocks.0.attn.qkv.weight' or 'encoder.layer.0.attention.attention.query.weight'), or "
        f"those of SigLIP in one of {SIGLIP_LAYOUTS} ('encoder.layers.0.self_attn.q_proj.weight'), "
        f"found {sorted(found)[:5]} and {max(0, len(found) - 5)} more."
    )


def to_official(state: Mapping[str, Tensor], layout: str | None = None) -> Conversion:
    """Convert to the names of our modules: DINOv2's official layout, timm's of SigLIP.

    Args:
        state: Name to tensor.
        layout: The layout of ``state``; None detects it.

    Returns:
        The conversion; ``missing`` and ``unused`` are filled in, nothing is raised for them.

    Raises:
        CheckpointError: If the layout is not recognised.
    """
    layout = layout or detect_layout(state)
    convert: dict[str, Callable[[Mapping[str, Tensor]], Conversion]] = {
        "official": lambda source: Conversion(dict(source)),
        "timm": _timm_to_official,
        "hf": _hf_to_official,
        SIGLIP: siglip_layouts.from_transformers,
        SIGLIP_TIMM: siglip_layouts.without_pooling,
    }
    result = convert[layout](state)
    names = siglip_layouts.siglip_names if layout in SIGLIP_LAYOUTS else official_names
    expected = names(result.state)
    result.missing = sorted(expected - set(result.state))
    result.unused = sorted({*result.unused, *(set(result.state) - expected)})
    result.state = {name: tensor for name, tensor in result.state.items() if name in expected}
    return result


def from_official(state: Mapping[str, Tensor], layout: str) -> Conversion:
    """Convert a complete state of our module to another layout of its family."""
    convert: dict[str, Callable[[Mapping[str, Tensor]], Conversion]] = {
        "official": lambda source: Conversion(dict(source)),
        "timm": _official_to_timm,
        "hf": _official_to_hf,
        SIGLIP: siglip_layouts.to_transformers,
        SIGLIP_TIMM: lambda source: Conversion(dict(source)),
    }
    return convert[layout](state)


def official_names(state: Mapping[str, Tensor]) -> set[str]:
    """List the names an official file should hold, for the depth and kind found in ``state``."""
    blocks = [int(name.split(".")[1]) for name in state if re.match(r"blocks\.\d+\.", name)]
    gated = any(".mlp.w12." in name for name in state)
    names = {"cls_token", "pos_embed", "mask_token"}
    names |= {"register_tokens"} & set(state)
    layers = ["patch_embed.proj", "norm"]
    for block in range(max(blocks, default=-1) + 1):
        parts = _BLOCK_PARTS + (_GATED_PARTS if gated else _MLP_PARTS)
        layers += [f"blocks.{block}.{part}" for part in parts]
        names |= {f"blocks.{block}.ls1.gamma", f"blocks.{block}.ls2.gamma"}
    return names | {f"{layer}.{leaf}" for layer in layers for leaf in ("weight", "bias")}


def _timm_to_official(state: Mapping[str, Tensor]) -> Conversion:
    gated = any(
        name.endswith(".mlp.fc1.weight")
        and f"{name[:-10]}fc2.weight" in state
        and tensor.shape[0] == 2 * state[f"{name[:-10]}fc2.weight"].shape[1]
        for name, tensor in state.items()
    )
    out: dict[str, Tensor] = {}
    filled = []
    for name, tensor in state.items():
        if gated:
            name = name.replace(".mlp.fc1.", ".mlp.w12.").replace(".mlp.fc2.", ".mlp.w3.")
        out["register_tokens" if name == "reg_token" else name] = tensor
    if "register_tokens" in out and "pos_embed" in out:
        table = out["pos_embed"]  # without class token: its position is inside cls_token
        out["pos_embed"] = torch.cat([torch.zeros_like(table[:, :1]), table], dim=1)
    if "mask_token" not in out and "cls_token" in out:
        out["mask_token"] = torch.zeros_like(out["cls_token"][0])
        filled.append("mask_token")
    return Conversion(out, filled=filled)


def _official_to_timm(state: Mapping[str, Tensor]) -> Conversion:
    out: dict[str, Tensor] = {}
    dropped = []
    for name, tensor in state.items():
        if name == "mask_token":
            dropped.append(name)
            continue
        name = name.replace(".mlp.w12.", ".mlp.fc1.").replace(".mlp.w3.", ".mlp.fc2.")
        out["reg_token" if name == "register_tokens" else name] = tensor
    if "reg_token" in out:
        out["cls_token"] = state["cls_token"] + state["pos_embed"][:, :1]
        out["pos_embed"] = state["pos_embed"][:, 1:].clone()
    return Conversion(out, dropped=dropped)


def _as_in_a_file(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Hugging Face's names of a file, for the names that a model has in memory."""
    out: dict[str, Tensor] = {}
    for full_name, tensor in state.items():
        name = full_name
        for memory, file in _HF_MEMORY_NAMES.items():
            name = name.replace(memory, file)
        gate = re.fullmatch(r"(.*\.mlp\.)gate_proj\.(weight|bias)", name)
        if gate:
            other = f"{gate[1]}up_proj.{gate[2]}"
            if other in state:  # one without the other is reported
                out[f"{gate[1]}weights_in.{gate[2]}"] = torch.cat([tensor, state[other]])
                continue
        elif name.replace(".up_proj.", ".gate_proj.") in state and ".mlp.up_proj." in name:
            continue
        out[name] = tensor
    return out


def _hf_to_official(state: Mapping[str, Tensor]) -> Conversion:
    state = _as_in_a_file(state)
    out: dict[str, Tensor] = {}
    unused = []
    parts: dict[str, dict[str, Tensor]] = {}  # official qkv name -> query, key, value
    for full_name, tensor in state.items():
        prefix = next((p for p in _HF_PREFIXES if full_name.startswith(p)), "")
        name = full_name.removeprefix(prefix)
        qkv = re.fullmatch(
            r"encoder\.layer\.(\d+)\.attention\.attention\.(query|key|value)\.(weight|bias)", name
        )
        if qkv:
            block, part, leaf = qkv.groups()
            parts.setdefault(f"blocks.{block}.attn.qkv.{leaf}", {})[part] = tensor
            continue
        official = rename(name, _HF_NAMES)
        if official is None:
            unused.append(full_name)
        else:
            out[official] = tensor
    for name, found in parts.items():
        if len(found) == 3:  # an incomplete one is reported as missing
            out[name] = torch.cat([found["query"], found["key"], found["value"]])
    return Conversion(out, unused=unused)


def _official_to_hf(state: Mapping[str, Tensor]) -> Conversion:
    names = {official: hf for hf, official in _HF_NAMES.items()}
    out: dict[str, Tensor] = {}
    for name, tensor in state.items():
        qkv = re.fullmatch(r"blocks\.(\d+)\.attn\.qkv\.(weight|bias)", name)
        if qkv:
            block, leaf = qkv.groups()
            for part, piece in zip(("query", "key", "value"), tensor.chunk(3), strict=True):
                out[_HF_QKV.format(block=block, part=part, leaf=leaf)] = piece.clone()
        else:
            renamed = rename(name, names)
            assert renamed is not None, name
            out[renamed] = tensor
    return Conversion(out)
