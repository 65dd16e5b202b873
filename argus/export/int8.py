"""The matrix products of the ViT's blocks in 8 bits, for processors that multiply them faster.

Weights are quantised once, a scale for each column; activations as they come, a scale for each
tensor, so that no pictures are needed. All else stays in float32: convolutions, norms, attention,
sampling positions, decoders.
"""

import tempfile
from pathlib import Path

import onnx_ir as ir
from onnxruntime.quantization import QuantType, quantize_dynamic

from argus.errors import ExportError

_BLOCKS = "backbone.vit.blocks."


def block_products(model: ir.Model) -> list[str]:
    """Names of the products with weights in the blocks of the ViT.

    Args:
        model: As PyTorch translated it: later weights have other names.
    """
    found = []
    for name, weight in model.graph.initializers.items():
        if not name.startswith(_BLOCKS):
            continue
        for node, _ in weight.uses():
            if node.op_type == "Transpose":
                found += [user.name for user, _ in node.outputs[0].uses()]
    return [name for name in found if name]


def quantised(model: ir.Model, products: list[str], *, most_bytes: int) -> ir.Model:
    """A model whose matrix products of these names are in 8 bits.

    Weights have 7 bits, as ONNX Runtime advises: processors without VNNI add two products in 16.

    Args:
        model: In float32.
        products: Names of nodes.
        most_bytes: Of a file with its weights inside.

    Raises:
        ExportError: There is none, or the model is too large for a file with its weights inside.
    """
    if not products:
        raise ExportError(
            "dtype 'int8' is for the blocks of a ViT, and the backbone has none of these products."
        )
    tensors = [value.const_value for value in model.graph.initializers.values()]
    if sum(tensor.nbytes for tensor in tensors if tensor is not None) > most_bytes:
        raise ExportError("dtype 'int8': the float32 model is too large for one file; take bf16.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "quantised.onnx"
        quantize_dynamic(
            ir.to_proto(model),
            path,
            op_types_to_quantize=["MatMul"],
            nodes_to_quantize=products,
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
        )
        found = ir.load(path)
        # The folder goes, and with it what is read when it is asked for.
        ir.external_data.load_to_model(found)
    return found
