"""One file and one table for the numbers of several models: what was measured, how, and the paper.

The file is JSON: ``results`` has one object for each model, evaluation and choice of options, with
the metrics, the preparation, the root of the data and the versions. A second run adds to it, and
takes the place of what it measured again.
"""

import contextlib
import dataclasses
import importlib.metadata
import json
import math
import platform
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from argus import __version__
from argus.errors import DataError
from argus.files.durable import write_json
from argus.files.lock import alone_in
from argus.files.records import finite, number, read_record
from argus.mtv.encoders.encoder import Encoder
from argus.mtv.evaluation.protocols import Evaluation, Metric

FORMAT = "argus-mtv-evaluation-1"
_PACKAGES = ("torch", "torchvision", "transformers", "timm", "pillow", "numpy")
_WAIT_SECONDS, _MAX_WAITS = 0.1, 300
_ENTRY = dict(model=str, source=str, evaluation=str, metrics=dict, options=dict, preparation=str)


def entry(
    encoder: Encoder,
    source: str,
    evaluation: Evaluation,
    root: Path,
    options: Any,
    metrics: Mapping[str, float],
    *,
    seconds: float,
) -> dict[str, Any]:
    """The record of one run.

    Args:
        encoder: That was measured.
        source: That it was loaded from.
        evaluation: By which.
        root: Of the data.
        options: Of the evaluation.
        metrics: That it gave.
        seconds: That it took.
    """
    assert metrics and metrics.keys() <= evaluation.metrics.keys()
    return dict(
        model=encoder.name,
        source=source,
        evaluation=evaluation.name,
        metrics=dict(metrics),
        options=as_json(options),
        preparation=str(encoder.preparation),
        data=str(root),
        device=str(encoder.device),
        seconds=round(seconds, 1),
        versions=versions(),
    )


def as_json(options: Any) -> dict[str, Any]:
    """Options as a file gives them back: lists for tuples."""
    found: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(options)))
    return found


def versions() -> dict[str, str]:
    """Of what may move a number."""
    found = dict(argus=__version__, python=platform.python_version())
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def read_results(path: str | Path) -> list[dict[str, Any]]:
    """The entries of a file.

    Raises:
        DataError: If it cannot be read, or is another kind of file.
    """
    content = read_record(path, form=FORMAT, what="evaluations of encoders").get("results")
    for place, item in enumerate(content if isinstance(content, list) else [None]):
        try:
            if not all(isinstance(item[key], kind) for key, kind in _ENTRY.items()):
                raise ValueError("a value is of another kind")
            item["metrics"] = {name: number(value) for name, value in item["metrics"].items()}
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"{path}: results[{place}] is no record of an evaluation: expected an object with "
                f"{', '.join(_ENTRY)} ({error})."
            ) from error
    return list(content or [])


def merge(path: str | Path, entries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Add entries to a file, which is made if it is missing; those of the same run are replaced.

    Returns:
        All entries of the file.

    Raises:
        DataError: If there is another file in its place, which is left as it is.
    """
    path = Path(path)
    with _alone_in(path.parent):
        merged = {_key(item): item for item in (read_results(path) if path.exists() else [])}
        merged.update({_key(item): dict(item) for item in entries})
        found = list(merged.values())
        write_json(path, dict(format=FORMAT, results=finite(found)))
    return found


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other process merges there: it takes milliseconds."""
    for _ in range(_MAX_WAITS):
        with contextlib.suppress(BlockingIOError), alone_in(folder):
            yield
            return
        time.sleep(_WAIT_SECONDS)
    raise DataError(f"{folder}: another process holds it; try again, or write elsewhere.")


def _key(item: Mapping[str, Any]) -> tuple[str, str, str, str]:
    options = json.dumps(item["options"], sort_keys=True)
    return item["model"], item["source"], item["evaluation"], options


def column_names(entries: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], str]:
    """The name of each model in a table: with its source, where two have one name."""
    models = list(dict.fromkeys((item["model"], item["source"]) for item in entries))
    names = [name for name, _ in models]
    return {
        (name, source): name if names.count(name) == 1 else f"{name} ({source})"
        for name, source in models
    }


def table(entries: Sequence[Mapping[str, Any]], evaluations: Iterable[Evaluation]) -> str:
    """Models side by side, the paper's rows beside them; a table of Markdown, and its notes.

    Args:
        entries: Of a file.
        evaluations: Those to show, in this order.
    """
    columns = column_names(entries)
    shown = [e for e in evaluations if any(i["evaluation"] == e.name for i in entries)]
    paper = list(dict.fromkeys(row for evaluation in shown for row in evaluation.paper))
    rows = [["", *columns.values(), *(f"paper: {row}" for row in paper)]]
    for evaluation in shown:
        for own in _variants(entries, evaluation):
            by_model = {(item["model"], item["source"]): item["metrics"] for item in own}
            changed = _changes(evaluation, own[0]["options"])
            for name, metric in evaluation.metrics.items():
                if all(math.isnan(m.get(name, math.nan)) for m in by_model.values()):
                    continue  # which options left out
                label = f"{evaluation.title}{changed}: {_title(metric)}"
                values = [by_model.get(model, {}).get(name) for model in columns]
                values += [evaluation.paper.get(row, {}).get(name) for row in paper]
                rows.append([label, *(_shown(value, metric) for value in values)])
    return "\n".join([_markdown(rows), "", *_notes(entries, columns)])


def _variants(
    entries: Sequence[Mapping[str, Any]], evaluation: Evaluation
) -> list[list[Mapping[str, Any]]]:
    """The entries of an evaluation, those with the same options together."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for item in entries:
        if item["evaluation"] == evaluation.name:
            found.setdefault(_changes(evaluation, item["options"]), []).append(item)
    return list(found.values())


def _changes(evaluation: Evaluation, options: Mapping[str, Any]) -> str:
    """Options that are not the default or are always told, but for those of speed."""
    usual = as_json(evaluation.options())
    changed = [
        f"{key}={value}"
        for key, value in options.items()
        if (value != usual.get(key) or key in evaluation.told)
        and key not in evaluation.speed
        and not key.endswith("batch_size")
    ]
    return f" ({', '.join(changed)})" if changed else ""


def _title(metric: Metric) -> str:
    less = "" if metric.higher_is_better else ", less is better"
    return f"{metric.title}, {metric.unit}{less}" if metric.unit else f"{metric.title}{less}"


def _shown(value: float | None, metric: Metric) -> str:
    return "-" if value is None or math.isnan(value) else f"{value:,.{metric.decimals}f}"


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = [
        "| "
        + " | ".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        + " |"
        for row in rows
    ]
    rule = "|" + "|".join("-" * (width + 1) + (":" if n else "-") for n, width in enumerate(widths))
    return "\n".join([lines[0], rule + "|", *lines[1:]])


def _notes(
    entries: Sequence[Mapping[str, Any]], columns: Mapping[tuple[str, str], str]
) -> list[str]:
    """How pictures and texts were prepared, a line for each model."""
    lines = {
        f"{columns[item['model'], item['source']]}: {item['preparation']}": None for item in entries
    }
    return ["Preparation:", *(f"- {line}" for line in lines)]
