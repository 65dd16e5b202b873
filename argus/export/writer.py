"""One graph: traced, translated, written, and written again with what its check found."""

import json
from pathlib import Path
from typing import Any

import torch

from argus.api import Argus
from argus.errors import ExportError
from argus.export.check import Runner
from argus.export.graph import ExportGraph, export_form
from argus.export.metadata import describe
from argus.export.options import ExportOptions
from argus.export.plan import GraphPlan
from argus.inference.passes import NETWORK_LOCK

MAX_BATCH = 4096
# A length of 1, or one that a stride of another axis happens to have, would be taken for fixed.
TRACED_BATCH = 29


class GraphWriter:
    """Trace a graph.

    Args:
        model: On the CPU, in float32.
        plan: Of the graph.
        options: How it is written.

    Raises:
        ExportError: If it cannot be translated.
    """

    def __init__(self, model: Argus, plan: GraphPlan, options: ExportOptions) -> None:
        self.options = options
        graph = ExportGraph(model.model.backbone, plan.heads, plan.normaliser).eval()
        self.outputs = graph.outputs()
        self.metadata = describe(plan, model, self.outputs, options)
        self.program = _trace(graph, plan.size, options)
        self.translated: Any = None
        if options.is_onnx:
            from argus.export.onnx_file import to_onnx

            self.translated = to_onnx(
                self.program,
                self.outputs,
                opset=options.opset,
                dynamic_batch=options.dynamic_batch,
                store_bfloat16=options.dtype == "bf16",
                int8=options.dtype == "int8",
            )

    def write(self, path: Path) -> Runner:
        """Write the graph, and give what runs the file."""
        self._save(path)
        if self.options.is_onnx:
            from argus.export.onnx_file import OnnxRunner

            return OnnxRunner(path)
        from argus.export.torch_file import TorchRunner

        return TorchRunner(path, [output.name for output in self.outputs])

    def finish(self, path: Path, check: dict[str, Any]) -> None:
        """Add what the check found, in the file and in the JSON beside it."""
        self.metadata["check"] = check
        self._save(path)
        text = json.dumps(self.metadata, indent=2) + "\n"
        path.with_suffix(".json").write_text(text, encoding="utf-8")

    def _save(self, path: Path) -> None:
        if self.options.is_onnx:
            from argus.export.onnx_file import save_onnx

            save_onnx(self.translated, path, self.metadata)
        else:
            from argus.export.torch_file import save_program

            save_program(self.program, path, self.metadata)


def _trace(
    graph: ExportGraph, size: tuple[int, int], options: ExportOptions
) -> torch.export.ExportedProgram:
    batch = TRACED_BATCH if options.dynamic_batch else 1
    example = torch.zeros(batch, 3, *size, dtype=getattr(torch, options.input_dtype))
    shapes = {"images": {0: torch.export.Dim("batch", min=1, max=MAX_BATCH)}}
    with NETWORK_LOCK, export_form():
        # Fills the caches of constant tensors: traced, they would hold tensors without values.
        graph(example[:1])
        graph.precision = options.precision
        try:
            return torch.export.export(
                graph,
                (example,),
                dynamic_shapes=shapes if options.dynamic_batch else None,
                strict=False,
            )
        except Exception as error:  # noqa: BLE001 - code of any library is traced
            names = ", ".join(str(head.task) for head in graph.heads)
            line = next(iter(str(error).splitlines()), type(error).__name__)
            raise ExportError(
                f"the graph of {names} cannot be traced: {line} Export the tasks one by one, and "
                "leave out those of which PyTorch says so."
            ) from error
