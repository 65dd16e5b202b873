"""Export a model, check the files against the library, and keep them only if they agree."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from argus.api import Argus
from argus.errors import ConfigError, ExportError
from argus.export.check import Differences, above, measure
from argus.export.images import check_images
from argus.export.metadata import describe_check
from argus.export.options import LEAST_OPSET, ExportOptions
from argus.export.plan import file_stem, plan_graphs
from argus.export.report import ExportReport, difference_rows
from argus.export.tolerances import tolerances_of
from argus.export.writer import GraphWriter
from argus.inference.device import choose_precision


def export_model(
    model: str | Path | Argus,
    tasks: Sequence[str] | str | None,
    out: str | Path,
    *,
    format: str = "onnx",
    sizes: Sequence[tuple[int, int]] = ((512, 512),),
    dtype: str = "fp32",
    opset: int | None = None,
    images: Any = None,
    dynamic_batch: bool = True,
    tolerances: Mapping[str, Mapping[str, float]] | None = None,
    input_dtype: str = "uint8",
    trust: Sequence[str] = (),
) -> ExportReport:
    """Write graphs that take pixels and give the answers of the tasks.

    All tasks on whole pictures share one backbone pass in one graph per size; poses, which take
    crops of people, get a graph of their own. Every file is run beside the library on pictures.

    Args:
        model: Folder of a model, or id of a repository; or a model loaded on the CPU in float32.
        tasks: Names of tasks; ``None`` or ``"all"`` for all that can be exported.
        out: Path of the file; or a folder, for files called ``argus_<height>x<width>``.
        format: ``onnx``, or ``torch`` for PyTorch's exported program.
        sizes: (height, width) of the input, multiples of 32; one graph each.
        dtype: ``fp32``; ``fp16``; ``bf16``, which in ONNX files is how large weights are stored;
            ``int8``, the matrix products of the ViT's blocks in ONNX files.
        opset: Version of ONNX's operators; 18 by default.
        images: What the files are checked on, as ``Argus.predict`` takes it, at most four; by
            default rendered scenes.
        dynamic_batch: Whether the graph takes batches of any size, or of 1.
        tolerances: Largest differences by task and measure, where they are not the usual ones.
        input_dtype: ``uint8`` or ``float32`` pixels, in [0, 255] both.
        trust: Packages that the model's classes may come from.

    Returns:
        Files and differences.

    Raises:
        ConfigError: A mistake in the arguments, or a task that cannot be exported.
        ExportError: A graph cannot be translated, or a difference is too large; no file is left.
        CheckpointError: If there is no model.
        DataError: If the pictures cannot be read.
    """
    options = ExportOptions(
        format=format,
        dtype=dtype,
        opset=LEAST_OPSET if opset is None else opset,
        dynamic_batch=dynamic_batch,
        input_dtype=input_dtype,
    )
    if options.precision is torch.bfloat16:
        choose_precision("bf16", torch.device("cpu"))  # says that the check is slow, where it is
    folder, stem, plain_name = file_stem(out, options)
    loaded = _load(model, tasks, trust)
    plans, skipped = plan_graphs(loaded, tasks, sizes, stem=stem, plain_name=plain_name)
    kinds = {head.task: loaded.tasks[head.task].kind for plan in plans for head in plan.heads}
    limits = tolerances_of(kinds, dtype, tolerances)
    folder.mkdir(parents=True, exist_ok=True)
    found: dict[str, Differences] = {}
    with tempfile.TemporaryDirectory(dir=folder, prefix=".export") as partial:
        for plan in plans:
            path = Path(partial) / f"{plan.name}{options.suffix}"
            pictures = check_images(images, plan.size)
            writer = GraphWriter(loaded, plan, options)
            runner = writer.write(path)
            found[path.name] = measure(runner, plan, loaded, pictures, options)
            _refuse_wrong(path.name, found[path.name], limits)
            writer.finish(path, describe_check(found[path.name], limits, num_images=len(pictures)))
        for file in sorted(Path(partial).iterdir()):
            os.replace(file, folder / file.name)
    return ExportReport(tuple(folder / name for name in found), found, limits, skipped)


def _refuse_wrong(name: str, differences: Differences, limits: dict[str, dict[str, float]]) -> None:
    wrong = above(differences, limits)
    if wrong:
        rows = "\n".join(difference_rows(name, differences, limits))
        raise ExportError(
            f"{name} does not give the answers of the model:\n  "
            + "\n  ".join(wrong)
            + f"\nNothing was written. All differences:\n{rows}"
        )


def _load(
    model: str | Path | Argus, tasks: Sequence[str] | str | None, trust: Sequence[str]
) -> Argus:
    if isinstance(model, Argus):
        if model.device.type != "cpu" or model.precision != "fp32":
            raise ConfigError(
                f"export_model: the model is on {model.device} in {model.precision}; load it with "
                "device='cpu', dtype='fp32', or give its folder."
            )
        return model
    names = [tasks] if isinstance(tasks, str) and tasks != "all" else tasks
    chosen = None if names == "all" or names is None else list(names)
    return Argus.from_pretrained(model, device="cpu", dtype="fp32", tasks=chosen, trust=trust)
