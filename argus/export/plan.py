"""Which graphs an export makes: one per size for whole pictures, one per task for crops of people.

Example: a model with depth, semantic and keypoints, exported at two sizes, gives three graphs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from argus.api import Argus
from argus.errors import ConfigError
from argus.export.heads import ExportHead, find_head
from argus.export.heads.keypoints import KeypointsExport
from argus.export.images import check_sizes
from argus.export.options import SUFFIXES, ExportOptions
from argus.inference.normaliser import Normaliser
from argus.inference.request import ALL, choose_tasks


@dataclass(frozen=True)
class GraphPlan:
    """One graph.

    Args:
        name: Of its file, without suffix.
        size: (height, width) of its input.
        heads: Its tasks.
        normaliser: Of all of them.
    """

    name: str
    size: tuple[int, int]
    heads: tuple[ExportHead, ...]
    normaliser: Normaliser


def plan_graphs(
    model: Argus,
    tasks: Sequence[str] | str | None,
    sizes: Sequence[tuple[int, int]],
    *,
    stem: str,
    plain_name: bool,
) -> tuple[list[GraphPlan], dict[str, str]]:
    """Divide the tasks into graphs.

    Args:
        model: With all of them.
        tasks: Names; ``None`` or ``"all"`` for those that can be exported.
        sizes: (height, width) for whole pictures.
        stem: Beginning of the files' names.
        plain_name: Whether the graph of a single size is called ``stem`` without its size.

    Returns:
        The graphs, and the reason of every task that is left out.

    Raises:
        ConfigError: If a named task cannot be exported, or tasks normalise differently.
    """
    is_all = tasks is None or tasks == ALL
    classes: dict[str, type[ExportHead]] = {}
    skipped: dict[str, str] = {}
    for task in choose_tasks(tasks, list(model.tasks)):
        found, reason = find_head(model.tasks[task].kind, model.model.decoder(task))
        if found is None:
            skipped[task] = reason
        else:
            classes[task] = found
    if skipped and not (is_all and classes):
        lines = "".join(f"\n  {task}: {reason}" for task, reason in skipped.items())
        remedy = (
            "Leave them out of tasks."
            if set(model.tasks) - set(skipped)
            else "Train with one of the decoders that are: docs/export.md lists them."
        )
        raise ConfigError(f"tasks that cannot be exported:{lines}\n{remedy}")
    whole = [task for task, found in classes.items() if found is not KeypointsExport]
    divisor = int(getattr(model.model.backbone, "size_divisor", 32))
    plans = []
    if whole:
        normaliser = _common_normaliser(model, whole)
        sizes = check_sizes(sizes, divisor)
        for size in sizes:
            name = stem if plain_name and len(sizes) == 1 else f"{stem}_{size[0]}x{size[1]}"
            heads = tuple(classes[t](t, model.model.decoder(t), size) for t in whole)
            plans.append(GraphPlan(name, size, heads, normaliser))
    for task in classes:
        if task not in whole:
            decoder = model.model.decoder(task)
            (size,) = check_sizes([KeypointsExport.crop_size(decoder)], divisor)
            only = plain_name and len(classes) == 1
            name = stem if only else f"{stem}_{task}_{size[0]}x{size[1]}"
            head = classes[task](task, decoder, size)
            plans.append(GraphPlan(name, size, (head,), _common_normaliser(model, [task])))
    return plans, skipped


def file_stem(out: str | Path, options: ExportOptions) -> tuple[Path, str, bool]:
    """Folder, beginning of the names, and whether ``out`` names a file.

    Raises:
        ConfigError: If ``out`` has the suffix of another format.
    """
    out = Path(out)
    if out.suffix == options.suffix:
        return out.parent, out.stem, True
    if out.suffix in SUFFIXES.values():
        raise ConfigError(
            f"out={str(out)!r}: format {options.format!r} has the suffix {options.suffix}. Name "
            "the file so, or a folder."
        )
    return out, "argus", False


def _common_normaliser(model: Argus, tasks: Sequence[str]) -> Normaliser:
    """How all these tasks prepare pixels; the padding is never used."""
    found = {task: Normaliser.of(model.model.decoder(task).data_preprocessor) for task in tasks}
    first = found[tasks[0]]
    for task, own in found.items():
        if (own.mean, own.std, own.is_rgb) != (first.mean, first.std, first.is_rgb):
            raise ConfigError(
                f"tasks {tasks[0]!r} and {task!r} normalise pictures differently, so they cannot "
                "share a backbone pass. Export them one by one."
            )
    return first
