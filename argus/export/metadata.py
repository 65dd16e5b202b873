"""What a program needs to know of an exported file, as JSON: in the file, and beside it."""

import importlib.metadata
from collections.abc import Sequence
from typing import Any

import argus
from argus.api import Argus
from argus.export.check import Differences
from argus.export.heads import Output
from argus.export.heads.anomaly import AnomalyExport
from argus.export.options import ExportOptions
from argus.export.plan import GraphPlan
from argus.storage.checkpoint import tensor_hash
from argus.visualization.palette import make_palette

FORMAT = "argus-export-1"
_PACKAGES = {"onnx": ("torch", "onnx", "onnxruntime"), "torch": ("torch",)}


def describe(
    plan: GraphPlan,
    model: Argus,
    outputs: Sequence[Output],
    options: ExportOptions,
) -> dict[str, Any]:
    """Everything but what a check finds.

    Args:
        plan: Of the graph.
        model: What it was made of.
        outputs: Of the graph.
        options: How it is written.
    """
    names = tuple(f"decoders.{head.task}." for head in plan.heads)
    state = {
        n: v for n, v in model.model.state_dict().items() if n.startswith(("backbone.", *names))
    }
    return dict(
        format=FORMAT,
        tasks={head.task: _task(head, model) for head in plan.heads},
        input=dict(
            name="images",
            axes=["batch" if options.dynamic_batch else 1, 3, *plan.size],
            dtype=options.input_dtype,
            range=[0, 255],
            order="RGB",
            # Inside the graph; nothing is left to do.
            mean=list(plan.normaliser.mean),
            std=list(plan.normaliser.std),
        ),
        outputs=[output.to_dict() for output in outputs],
        dtype=options.dtype,
        opset=options.opset if options.is_onnx else None,
        model=dict(
            backbone=dict(model.manifest.get("backbone", {})),
            sha256=tensor_hash(state),
        ),
        versions=dict(
            argus=argus.__version__,
            **{
                package: importlib.metadata.version(package)
                for package in _PACKAGES[options.format]
            },
        ),
    )


def describe_check(
    differences: Differences, tolerances: dict[str, dict[str, float]], *, num_images: int
) -> dict[str, Any]:
    """What the check found."""
    return dict(
        differences=differences,
        tolerances={task: tolerances[task] for task in differences},
        num_images=num_images,
    )


def _task(head: Any, model: Argus) -> dict[str, Any]:
    info = model.tasks[head.task]
    described = dict(
        kind=info.kind,
        decoder=info.decoder,
        classes=list(info.classes),
        palette=[list(c) for c in make_palette(len(info.classes))],
        outputs=[output.name for output in head.outputs()],
        licence=info.licence,
    )
    if isinstance(head, AnomalyExport):
        described["categories"] = list(head.categories)
    return described
