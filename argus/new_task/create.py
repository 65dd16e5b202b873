"""Look at data, say what they are, and write a config and a sheet of labels for a new task."""

import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from argus.datasets.build import build_dataset
from argus.datasets.checks.walk import check_tasks
from argus.datasets.own.format_choice import format_of
from argus.datasets.own.recognition import Recognition, recognise
from argus.datasets.own.tree import Tree
from argus.errors import ConfigError, DataError
from argus.files.durable import replacing
from argus.names.wording import counted
from argus.new_task.backbone_lines import backbone_lines
from argus.new_task.config_text import RECIPES, config_text, shown_classes, steps_for
from argus.new_task.label_sets import label_set
from argus.new_task.label_sheet import label_sheet, save_sheet
from argus.new_task.report import READ_AS, report

_NAME = re.compile(r"[a-z][a-z0-9_]*$")
_CHECKED = 60
_MEASURED = 20
# Of the recipes; what a step of a first training has.
_BATCH = dict(classification=16, tags=16, keypoints=16, anomaly=8, detection=2, instance=2)


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a person asks for.

    Args:
        name: Of the task and of the files.
        data: The folder, or a file of labels.
        kind: What the labels are to be good for; ``None`` for the likeliest.
        backbone: Merged model, config or DINOv2; ``None`` for a default.
        format: Of the data, where it is open.
        classes: Names, where the data have numbers alone, or which of them.
        group: Pattern of pictures that stay together when validation is split off.
        seed: Of that split.
        unit: Of depth.
        folder: Where the files go.
        force: Whether files that are there are overwritten.
    """

    name: str
    data: str
    kind: str | None = None
    backbone: str | None = None
    format: str | None = None
    classes: tuple[str, ...] = ()
    group: str | None = None
    seed: int = 0
    unit: float | None = None
    folder: Path = Path()
    force: bool = False


def create(request: Request, *, tell: Callable[[str], None]) -> Path:
    """Do it.

    Args:
        request: What is asked for.
        tell: Takes the lines for the person, as they come.

    Returns:
        The config.

    Raises:
        ConfigError: A wrong name, backbone or kind, or files that are there.
        DataError: The data are of no format that is read, or it is open which; a file is wrong.
    """
    config, sheet = _files(request)
    found = look(request)
    kind = request.kind or found.kind
    options = _options(request, found)
    own = dict(options) | dict(data=request.data)
    backbone = backbone_lines(request.backbone, config)
    _check_letters((request.data, *options.get("classes", ()), *backbone.lines))
    parts = [part for part in ("train", "val") if found.parts.get(part)]
    # What is trained on has no defects to look at.
    drawn = "val" if found.kind == "anomaly" else "train"
    sets = {part: label_set(found, part, own) for part in parts}
    task = {part: dict(dataset=dataset, batch_size=1) for part, dataset in sets.items()}
    checks = check_tasks({request.name: task}, sample=_CHECKED)
    for line in report(found, kind, request.data, checks):
        tell(line)
    errors = [text for check in checks for text in check.errors]
    dataset = build_dataset(sets[drawn], where=f"tasks.{request.name}.{drawn}.dataset")
    assert found.data is not None
    names = found.data.keypoints if found.kind == "keypoints" else found.classes
    drawing, problems = label_sheet(
        dataset, classes=names, root=found.data.root, skeleton=found.data.skeleton
    )
    for text in problems[:3]:
        if text not in errors:
            tell(f"  error: {text}")
    keys: dict[str, Any] = dict(data=request.data, format=found.format) | options
    keys |= _of_kind(found, dataset)
    if not found.parts.get("val"):  # of one picture there is nothing to split off
        keys["val"] = None
    steps = steps_for(found.parts["train"], _BATCH.get(found.kind, 4))
    text = config_text(request.name, kind, keys, backbone, file=config.as_posix(), max_iters=steps)
    try:
        with replacing(sheet) as partial:
            save_sheet(drawing, partial)
        with replacing(config) as partial:
            partial.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"{config} and {sheet} cannot be written: {error.strerror or error}. Make room, or "
            "name a folder that can be written with --out."
        ) from error
    tell(f"  backbone: {backbone.told}")
    tell(
        f"wrote {config} ({counted(len(text.splitlines()), 'line')}) and {sheet}: do the labels "
        "lie right?"
    )
    tell("next, once the errors above are mended:" if errors or problems else "next:")
    if backbone.first:
        tell(f"  {backbone.first}")
    tell(f"  argus train {config.as_posix()}")
    return config


def look(request: Request) -> Recognition:
    """What the data are; one format, or an error that names those that fit."""
    if request.kind is not None and request.kind not in RECIPES:
        raise ConfigError(f"--kind {request.kind}: expected one of {', '.join(RECIPES)}.")
    kind = READ_AS.get(request.kind or "", request.kind)
    found = recognise(
        request.data,
        kind,
        format=request.format,
        seed=request.seed,
        group=request.group,
        unit=request.unit,
        classes=request.classes or None,
    )
    if not found.format:
        format_of(Tree(request.data), kind)  # raises, naming the candidates
    return found


def _files(request: Request) -> tuple[Path, Path]:
    if not _NAME.match(request.name):
        raise ConfigError(
            f"NAME={request.name!r}: a task is called by small letters, digits and _, and begins "
            "with a letter, since its name is part of those of parameters and metrics."
        )
    config = request.folder / f"{request.name}.py"
    sheet = request.folder / f"{request.name}_labels.jpg"
    there = [path for path in (config, sheet) if path.exists()]
    if there and not request.force:
        raise ConfigError(
            f"{there[0]} is there already; --force overwrites it, or take another NAME."
        )
    if not request.folder.is_dir():
        raise ConfigError(f"--out {request.folder}: no such folder.")
    return config, sheet


def _check_letters(names: Iterable[str]) -> None:
    """See that a config can hold these names, for this machine and others.

    Raises:
        ConfigError: One has bytes that are no letters to this Python.
    """
    encoding = sys.getfilesystemencoding()
    for name in names:
        if any("\ud800" <= letter <= "\udfff" for letter in name):
            remedy = (
                "rename it"
                if encoding == "utf-8"
                else "set PYTHONUTF8=1, or LC_ALL=C.UTF-8, and run the command again"
            )
            raise ConfigError(
                f"{name!r}: a config holds names in UTF-8, and this one has bytes that are no "
                f"letters in {encoding}, by which this Python reads names; {remedy}."
            )


def _options(request: Request, found: Recognition) -> dict[str, Any]:
    """What the data set and the recipe are told, beside data, format and part."""
    options: dict[str, Any] = {}
    if found.kind not in ("keypoints", "depth", "normals", "boundary", "saliency"):
        if request.classes or shown_classes(found.classes):
            options["classes"] = list(found.classes)
    if request.unit is not None:
        options["unit"] = request.unit
    if request.group is not None:
        options["group"] = request.group
    if request.seed:
        options["seed"] = request.seed
    return options


def _of_kind(found: Recognition, dataset: Any) -> dict[str, Any]:
    """What recipes of some kinds need to be told."""
    assert found.data is not None
    if found.kind == "panoptic":
        return dict(things=[name for name in found.classes if name in found.data.things])
    if found.kind == "depth":
        return dict(max_depth=_farthest(dataset))
    return {}


def _farthest(dataset: Any) -> float:
    """The greatest depth of some pictures in metres, rounded up to two digits."""
    most = 0.0
    step = max(1, len(dataset) // _MEASURED)
    for index in range(0, len(dataset), step):
        most = max(most, float(dataset[index]["data_samples"].gt_depth.data.max()))
    if not most:
        raise DataError("depth: no pixel of the maps that were looked at has a known depth.")
    unit = 10.0 ** (np.floor(np.log10(most)) - 1)
    return float(round(np.ceil(most / unit) * unit, 6))
