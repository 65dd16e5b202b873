"""ONNX files as data: their graph, and the tensors in it or beside it, within bounds."""

import math
import os
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from argus.errors import CheckpointError

MOST_BYTES_OF_GRAPH = 2**31  # protocol buffers end there
TYPES = {1: torch.float32, 10: torch.float16, 11: torch.float64, 16: torch.bfloat16}
"""Of weights, by their numbers in ONNX's ``TensorProto.DataType``."""
_EXTERNAL = 1


def read_graph(path: Path) -> Any:
    """Parse an ONNX file without what is stored outside it.

    Returns:
        Its ``GraphProto``.

    Raises:
        CheckpointError: If the package onnx is not installed, or the file is missing, too large or
            no ONNX file.
    """
    try:
        import onnx
    except ModuleNotFoundError as error:
        raise CheckpointError(
            f"{path}: reading an ONNX file needs the package onnx: "
            "python -m pip install -r requirements/export.txt"
        ) from error
    if not path.is_file():
        raise CheckpointError(f"Weight file not found: {path.absolute()}.")
    if path.stat().st_size > MOST_BYTES_OF_GRAPH:
        raise CheckpointError(
            f"{path} has {path.stat().st_size:,} bytes, and an ONNX file at most "
            f"{MOST_BYTES_OF_GRAPH:,}; larger models keep their tensors in files beside it."
        )
    model = onnx.ModelProto()
    try:
        model.ParseFromString(path.read_bytes())
    except Exception as error:  # noqa: BLE001 - protocol buffers has errors of several packages
        raise CheckpointError(
            f"{path} is no ONNX file, or is truncated or damaged ({error}). Copy it again."
        ) from error
    if not model.graph.initializer:
        raise CheckpointError(f"{path} is no ONNX file, or its graph holds no tensors.")
    return model.graph


def read_tensor(proto: Any, path: Path) -> Tensor:
    """One of the floating-point tensors of a graph.

    Args:
        proto: ``TensorProto`` of a type in :data:`TYPES`.
        path: The file it was found in.

    Raises:
        CheckpointError: If its bytes are not there, not as many as its shape says, or outside the
            folder of the file.
    """
    from onnx import numpy_helper

    dtype = TYPES[proto.data_type]
    expected = math.prod(proto.dims) * dtype.itemsize
    if proto.data_location == _EXTERNAL:
        content = _read_outside(proto, path, expected)
    elif proto.raw_data:
        content = proto.raw_data
    else:
        numbers = max(len(proto.float_data), len(proto.double_data), len(proto.int32_data))
        if dtype is torch.bfloat16 or numbers != math.prod(proto.dims):
            raise CheckpointError(f"{path}: {proto.name} is not stored as {dtype} numbers are.")
        return torch.from_numpy(numpy_helper.to_array(proto).copy())
    if len(content) != expected:
        raise CheckpointError(
            f"{path} is truncated or damaged: {proto.name} has {len(content):,} bytes, expected "
            f"{expected:,} of {tuple(proto.dims)} {dtype}. Copy or export it again."
        )
    return torch.frombuffer(bytearray(content), dtype=dtype).reshape(tuple(proto.dims))


def _read_outside(proto: Any, path: Path, expected: int) -> bytes:
    """Bytes of a tensor in another file, which has to lie in the folder of the graph or below."""
    entries = {entry.key: entry.value for entry in proto.external_data}
    location = entries.get("location", "")
    folder = path.parent.resolve()
    file = (folder / location).resolve()
    if not location or os.path.isabs(location) or folder not in file.parents:
        raise CheckpointError(
            f"{path}: {proto.name} is stored in {location!r}, outside the file's folder, where "
            "nothing is read. Keep the files of an export in one folder."
        )
    if not file.is_file():
        raise CheckpointError(
            f"{path}: the file {location!r}, which holds {proto.name}, is not beside it. Copy all "
            "files of the export."
        )
    offset, length = entries.get("offset", "0"), entries.get("length", str(expected))
    if not (offset + length).isdecimal() or int(length) != expected:
        raise CheckpointError(
            f"{path} is damaged: {proto.name} has {length!r} bytes at {offset!r}, expected "
            f"{expected:,}."
        )
    if int(offset) + expected > file.stat().st_size:
        return b""
    with file.open("rb") as opened:
        opened.seek(int(offset))
        return opened.read(expected)
