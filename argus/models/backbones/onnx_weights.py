"""Read the weights of a DINOv2 out of an ONNX file, under the names they had in PyTorch.

The file is data: of its graph only initializers are taken, and of its nodes only what part an
initializer plays. Exporters fold constants: the weight of a linear layer arrives transposed and
without its name, as the right operand of a MatMul whose sum has the layer's bias; the table of
positions is cut into that of the class token and that of the patches, and tokens lose their names.
"""

import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from argus.errors import CheckpointError
from argus.models.backbones.conversion import Conversion
from argus.models.backbones.onnx_graph import TYPES, read_graph, read_tensor
from argus.models.backbones.weight_layouts import detect_layout, to_official
from argus.names.wording import counted

MOST_BYTES = 2**33  # of all tensors; the largest DINOv2 has 4.6e9
# The layer that keeps its name, after the names of what stands before the ViT's.
_PATCHES = re.compile(
    r"((?:.+?\.)??)(patch_embed\.proj|embeddings\.patch_embeddings\.projection)\.weight"
)
# What the class token, the table of positions and the registers are called, by the first layer.
_TOKENS = {
    "patch_embed.proj": ("cls_token", "pos_embed", "register_tokens"),
    "embeddings.patch_embeddings.projection": (
        "embeddings.cls_token",
        "embeddings.position_embeddings",
        "embeddings.register_tokens",
    ),
}
_NAMED_TOKENS = re.compile(r"reg_token|(cls|mask)_token|register_tokens|pos(ition)?_embed")
_MAX_LISTED = 5


def read_onnx(path: str | Path) -> tuple[dict[str, Tensor], list[str]]:
    """Read every parameter that a name can be found for.

    Args:
        path: An ONNX file; tensors stored outside it lie in its folder or below.

    Returns:
        Name, without what stands before the ViT's, to tensor: those of the ViT in the names of the
        model that was exported; what else the graph holds (a head) as it is called there, after
        a ``/``. And official names of what is not in the file, written as zeros.

    Raises:
        CheckpointError: If it is no ONNX file, too large, points outside its folder, or holds no
            ViT whose tokens and positions can be told apart.
    """
    path = Path(path)
    graph = read_graph(path)
    names, transposed = _names_of(graph)
    state: dict[str, Tensor] = {}
    num_bytes = 0
    for proto in graph.initializer:
        if proto.data_type not in TYPES or math.prod(proto.dims) == 1:
            continue  # sizes, indices and factors of the graph
        num_bytes += math.prod(proto.dims) * TYPES[proto.data_type].itemsize
        if num_bytes > MOST_BYTES or min(proto.dims, default=1) < 1:
            raise CheckpointError(
                f"{path}: its tensors claim more than {MOST_BYTES:,} bytes, or have no size. No "
                "DINOv2 does; take the file from where it was exported."
            )
        tensor = read_tensor(proto, path)
        if proto.name in transposed:
            tensor = tensor.T.contiguous()
        for name in names.get(proto.name, [proto.name]):
            state[name] = tensor
    first = [match for name in state if (match := _PATCHES.fullmatch(name))]
    if len(first) != 1:
        raise CheckpointError(
            f"Expected the weights of one DINOv2 in {path}, found {counted(len(first), 'tensor')} "
            "named 'patch_embed.proj.weight' or so; the first names are "
            f"{sorted(state)[:_MAX_LISTED]}. Export the model with the names of its parameters, "
            "unquantised."
        )
    prefix, layer = first[0].groups()
    result = {
        name.removeprefix(prefix) if name.startswith(prefix) else f"/{name}": tensor
        for name, tensor in state.items()
    }
    added = {name for node in graph.node if node.op_type == "Add" for name in node.input}
    filled = _name_tokens(result, _TOKENS[layer], {f"/{name}" for name in added} | added, path)
    return result, filled


def onnx_to_official(path: str | Path) -> tuple[str, Conversion]:
    """Read an ONNX file into the official layout.

    Returns:
        Layout of the exported model, and the conversion. A mask token, which no graph needs, is
        written as zeros and told in ``filled``.

    Raises:
        CheckpointError: As :func:`read_onnx`, or if the names are of no known layout.
    """
    state, filled = read_onnx(path)
    try:
        layout = detect_layout(state)
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from error
    result = to_official(state, layout)
    if "mask_token" in result.missing and "cls_token" in result.state:
        result.state["mask_token"] = torch.zeros_like(result.state["cls_token"][0])
        result.missing.remove("mask_token")
        result.filled.append("mask_token")
    result.filled += filled
    return layout, result


def _names_of(graph: Any) -> tuple[dict[str, list[str]], set[str]]:
    """What the initializers were called, where that is not their name, and which are transposed."""
    stored = {proto.name for proto in graph.initializer}
    names: dict[str, list[str]] = {}
    original = {name: name for name in stored}  # name of a parameter -> initializer
    for node in graph.node:  # parameters of equal values are stored once
        if node.op_type == "Identity" and node.input and node.input[0] in stored:
            names.setdefault(node.input[0], [node.input[0]]).append(node.output[0])
            original[node.output[0]] = node.input[0]
    summands: dict[str, list[str]] = {}
    for node in graph.node:
        if node.op_type == "Add" and len(node.input) == 2:
            for one, other in (node.input, reversed(node.input)):
                if other in original:
                    summands.setdefault(one, []).append(other)
    transposed = set()
    for node in graph.node:
        if node.op_type not in ("MatMul", "Gemm") or len(node.input) < 2:
            continue
        weight = original.get(node.input[1])
        if weight is None:
            continue
        if node.op_type == "MatMul":
            biases = summands.get(node.output[0], [])
            is_transposed = True
        else:
            biases = list(node.input[2:3])
            is_transposed = not any(a.name == "transB" and a.i for a in node.attribute)
        layer = next((b[: -len(".bias")] for b in biases if b.endswith(".bias")), None)
        if is_transposed:
            transposed.add(weight)
        if layer is not None and not node.input[1].endswith(".weight"):
            names.setdefault(weight, []).append(f"{layer}.weight")
    return names, transposed


def _name_tokens(
    state: dict[str, Tensor], names: tuple[str, str, str], added: Iterable[str], path: Path
) -> list[str]:
    """Give class token, registers and positions their names, where each can be only one tensor.

    Where the class token was folded into one with its position, it keeps the sum, and its position
    is zero: features are the same.

    Args:
        state: Changed in place.
        names: Of class token, table of positions, registers.
        added: Names that are summands somewhere in the graph.
        path: For the message.

    Returns:
        Official names of what was written as zeros.
    """
    token, positions, registers = names
    width = state[next(name for name in state if _PATCHES.fullmatch(name))].shape[0]
    tables = {
        name: tensor
        for name, tensor in state.items()
        if tensor.ndim == 3 and tensor.shape[::2] == (1, width)
        if not _NAMED_TOKENS.search(name)
    }
    single = [name for name, table in tables.items() if table.shape[1] == 1]
    many = [name for name, table in tables.items() if table.shape[1] > 1]
    filled = []
    if positions not in state:
        patches = many if len(many) == 1 else [name for name in many if name in added]
        if len(single) != 1 or len(patches) != 1:
            raise CheckpointError(
                f"{path}: expected the positions of the class token and of the patches, of shapes "
                f"(1, 1, {width}) and (1, N, {width}), found {len(single)} and "
                f"{counted(len(many), 'tensor')} of these shapes without a name. Export the model "
                "again, for images of one size and a batch of one."
            )
        one, table = state.pop(single[0]), state.pop(patches[0])
        many.remove(patches[0])
        if token not in state:
            state[token] = one
            one = torch.zeros_like(one)
            filled.append("pos_embed of the class token, which holds the sum,")
        state[positions] = torch.cat([one, table], dim=1)
    elif token not in state and len(single) == 1:
        state[token] = state.pop(single[0])
    if len(many) == 1 and not {registers, "reg_token"} & set(state):
        is_timm = math.isqrt(state[positions].shape[1]) ** 2 == state[positions].shape[1]
        state["reg_token" if is_timm else registers] = state.pop(many[0])
    return filled
