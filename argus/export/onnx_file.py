"""Write a traced graph as ONNX, and run it with ONNX Runtime."""

import contextlib
import io
import json
import logging
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir
import onnxruntime
import torch
from onnx_ir.passes.common import ClearMetadataAndDocStringPass
from onnxscript import optimizer

from argus.errors import ExportError
from argus.export.heads import Output
from argus.export.int8 import block_products, quantised

METADATA_KEY = "argus"
SMALLEST_STORED_NARROW = 1024  # numbers; norms and biases are below it and stay float32
# Protocol buffers end at 2 GiB; what is larger lies in a file beside the graph.
MOST_BYTES_INSIDE = 2**31 - 2**27
# Numbers of constants that are computed while exporting: casts, transposes, the position table.
FOLD_LIMIT = 2**31


def to_onnx(
    program: torch.export.ExportedProgram,
    outputs: Sequence[Output],
    *,
    opset: int,
    dynamic_batch: bool,
    store_bfloat16: bool,
    int8: bool = False,
) -> ir.Model:
    """Translate a traced graph.

    Args:
        program: With one input.
        outputs: Their names and shapes.
        opset: Version of ONNX's operators, 18 or newer.
        dynamic_batch: Whether the first axis has no fixed length.
        store_bfloat16: Keep large weights as bfloat16, cast to float32 where they are used.
        int8: Compute the products of the ViT's blocks in 8 bits.

    Raises:
        ExportError: If an operator has no translation, or ``int8`` finds no such product.
    """
    try:
        with _quiet():
            translated = torch.onnx.export(
                program, dynamo=True, opset_version=opset, optimize=False, verbose=False
            )
            assert translated is not None
            model = translated.model
            products = block_products(model) if int8 else []
            optimizer.optimize_ir(model, input_size_limit=FOLD_LIMIT, output_size_limit=FOLD_LIMIT)
    except (torch.onnx.errors.OnnxExporterError, RuntimeError) as error:
        raise ExportError(f"the graph has no translation to ONNX: {error}") from error
    ClearMetadataAndDocStringPass()(model)  # traces with the paths of this machine
    batch = "batch" if dynamic_batch else None
    graph = model.graph
    graph.inputs[0].name = "images"
    for value, output in zip(graph.outputs, outputs, strict=True):
        value.name = output.name
    for value in (*graph.inputs, *graph.outputs):
        assert value.shape is not None
        value.shape = ir.Shape([batch or value.shape[0], *value.shape[1:]])
    if store_bfloat16:
        _store_as_bfloat16(model)
    if int8:
        with _quiet():
            return quantised(model, products, most_bytes=MOST_BYTES_INSIDE)
    return model


def save_onnx(model: ir.Model, path: Path, metadata: dict[str, Any]) -> None:
    """Write the file; weights that do not fit go into ``<name>.data`` beside it."""
    model.metadata_props[METADATA_KEY] = json.dumps(metadata)
    tensors = [value.const_value for value in model.graph.initializers.values()]
    num_bytes = sum(tensor.nbytes for tensor in tensors if tensor is not None)
    is_large = num_bytes > MOST_BYTES_INSIDE
    ir.save(model, path, external_data=f"{path.name}.data" if is_large else None)


class OnnxRunner:
    """A file in ONNX Runtime on the CPU.

    Args:
        path: Of the file.

    Raises:
        ExportError: If ONNX Runtime refuses it.
    """

    def __init__(self, path: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        try:
            self.session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # noqa: BLE001 - its errors have no common class
            raise ExportError(f"ONNX Runtime refuses {path.name}: {error}") from error

    def __call__(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Outputs by name of images (B, 3, H, W)."""
        names = [output.name for output in self.session.get_outputs()]
        return dict(zip(names, self.session.run(names, {"images": images}), strict=True))


def _store_as_bfloat16(model: ir.Model) -> None:
    graph = model.graph
    for name, value in list(graph.initializers.items()):
        tensor = value.const_value
        if tensor is None or tensor.dtype != ir.DataType.FLOAT:
            continue
        if tensor.size < SMALLEST_STORED_NARROW:
            continue
        narrow = tensor.numpy().astype(ir.DataType.BFLOAT16.numpy())
        stored = ir.Tensor(narrow, dtype=ir.DataType.BFLOAT16, name=f"{name}_bfloat16")
        held = ir.Value(
            name=stored.name,
            shape=value.shape,
            type=ir.TensorType(ir.DataType.BFLOAT16),
            const_value=stored,
        )
        cast = ir.node("Cast", [held], attributes={"to": ir.DataType.FLOAT.value})
        cast.outputs[0].name = f"{name}_float32"
        cast.outputs[0].type, cast.outputs[0].shape = value.type, value.shape
        ir.convenience.replace_all_uses_with(value, cast.outputs[0])
        del graph.initializers[name]
        graph.register_initializer(held)
        graph.insert_before(graph[0], cast)


@contextlib.contextmanager
def _quiet() -> Any:
    """Leave out what the exporter prints of its progress, and its warnings to developers."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
