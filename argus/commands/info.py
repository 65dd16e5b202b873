"""``argus info``: what a model, a checkpoint or a config holds."""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from argus.commands.notes import warnings_as_notes
from argus.names.printable import printable

EPILOG = """\
examples:
  argus info MODEL                                 a merged model, here or on the Hub
  argus info work_dirs/stage1_5task/iter_300000.pth    stage, base, iteration
  argus info configs/stage2/nyuv2_depth.py         counts parameters by building the model
  argus info MODEL --json | jq '.tasks | keys'

A model and a checkpoint are read without running code of theirs; a config is Python, and is run.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "what", metavar="MODEL|CHECKPOINT|CONFIG", help="folder or OWNER/NAME, .pth or .py"
    )
    parser.add_argument("--json", action="store_true", help="everything, for programs")
    parser.add_argument("--revision", help="branch, tag or commit of a repository on the Hub")


def run(args: argparse.Namespace) -> int:
    """Print it."""
    from argus.model_files.describe import describe

    path = Path(args.what)
    if path.suffix not in (".py", ".pth", ".pt", ".ckpt"):
        from argus.model_files.hub import resolve_model

        path = resolve_model(args.what, args.revision)
    with warnings_as_notes():
        described = describe(path)
    print(json.dumps(described, indent=2) if args.json else "\n".join(_lines(described)))
    return 0


def _lines(described: Mapping[str, Any]) -> Iterator[str]:
    yield printable(f"{described['is']}  {described['path']}")
    yield from _columns([[name, value] for name, value in _facts(described)])
    rows: list[list[Any]] = [
        ["task", "answer", "decoder", "data", "classes", "input", "parameters", "metric", "value"]
    ]
    for name, task in described["tasks"].items():
        metric, value = _value(task)
        classes = len(task.get("classes", ()))
        size = task.get("input", {}).get("rule", "")
        names = [name, task.get("kind"), task.get("decoder"), task.get("dataset")]
        rows.append([*names, classes or "", size, _count(task.get("parameters")), metric, value])
    yield ""
    yield from _columns(rows)
    terms = [[n, t["licence"]] for n, t in described["tasks"].items() if t.get("licence")]
    if terms:
        yield ""
        yield "terms of the training data"
        yield from _columns(terms)
    if described.get("note"):
        yield ""
        yield printable(described["note"], lines=True)


def _facts(described: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is said of the whole, a line each."""
    for key in ("format", "argus_version", "stage", "iteration", "iterations", "time", "precision"):
        if described.get(key):
            yield key.replace("_", " "), str(described[key])
    if "bytes" in described:
        yield "file", f"{described['bytes'] / 2**20:.1f} MiB"
    if "averaged_weights" in described:
        yield "averaged weights", "yes" if described["averaged_weights"] else "no"
    base = described.get("base", {})
    if base.get("sha256"):
        yield "stands on", f"{base['name']}, SHA-256 {base['sha256']}"
    backbone = described["backbone"]
    if backbone.get("name"):
        yield "backbone", f"{backbone['name']}, SHA-256 {backbone['sha256']}"
    release = described.get("release", {})
    if release:
        yield "weights in", release["stored"]
    if "vit" in release:
        vit = release["vit"]
        yield "ViT apart", f"{vit.get('name') or 'not official'}, SHA-256 {vit['sha256']}"
    if backbone.get("parameters"):
        trained = ""
        if "trained" in backbone:
            trained = f", {_count(backbone['trained'])} of them trained"
        yield "backbone parameters", _count(backbone["parameters"]) + trained


def _value(task: Mapping[str, Any]) -> tuple[str, str]:
    """The task's own metric: measured, else the paper's."""
    from argus.model_files.model_card import show_value

    primary = task.get("primary", "")
    if primary in task.get("metrics", {}):
        return primary, show_value(task, primary, task["metrics"][primary])
    if primary in task.get("paper", {}):
        return primary, f"{show_value(task, primary, task['paper'][primary])} (paper)"
    return primary, ""


def _columns(rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    cells = [["" if cell is None else printable(str(cell)) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield ("  " + "  ".join(padded)).rstrip()


def _count(number: int | None) -> str:
    return "" if number is None else f"{number:,}"
