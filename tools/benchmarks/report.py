"""What a benchmark is made of (cases with results), and how the results are shown."""

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from tools.benchmarks.timing import Comparison, Timing, compare, measure


@dataclass(frozen=True)
class Settings:
    """How to run.

    Args:
        device: Where the models run.
        quick: Toy sizes, which show that everything works and measure nothing of interest.
        clock: Seconds, of what runs on a CPU.
    """

    device: torch.device
    quick: bool = False
    clock: Callable[[], float] = time.perf_counter

    def measure(self, function: Callable[[], Any]) -> Timing:
        """Time a function, once if ``quick``."""
        repeats, warmup = (1, 1) if self.quick else (20, 3)
        return measure(function, self.device, repeats=repeats, warmup=warmup, clock=self.clock)

    def compare(self, first: Callable[[], Any], second: Callable[[], Any]) -> Comparison:
        """Time two functions against each other, once if ``quick``."""
        pairs, runs = (30, 5) if self.device.type == "cuda" else (12, 1)
        pairs, runs = (1, 1) if self.quick else (pairs, runs)
        return compare(first, second, self.device, pairs=pairs, runs=runs, clock=self.clock)


@dataclass
class Result:
    """One row of a table.

    Args:
        values: Numbers by column; a column's name ends with its unit.
        limits: For the columns that are checked, what the number may be at most.
        errors: What is wrong; a row with errors fails the run.
        note: Why there are no numbers, where that is no error.
    """

    values: dict[str, float] = field(default_factory=dict)
    limits: dict[str, float] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    note: str = ""

    def check(self, column: str, value: float, limit: float) -> None:
        """Record ``value``; it is an error if it is above ``limit`` or not a number."""
        self.values[column] = value
        self.limits[column] = limit
        if not value <= limit:
            self.errors.append(f"{column} is {value:.2e}, expected at most {limit:.0e}")


@dataclass(frozen=True)
class Case:
    """A named piece of a section, run on its own: its failure does not stop the others."""

    name: str
    run: Callable[[], Result]


def relative_error(found: Tensor, expected: Tensor) -> float:
    """Largest absolute difference, over the largest absolute value expected."""
    found, expected = found.detach(), expected.detach()
    difference = (found.double() - expected.double()).abs().max()
    return float(difference / expected.double().abs().max().clamp_min(1e-12))


def as_dict(result: Result) -> dict[str, Any]:
    """A row for JSON, which has no infinity: what is not finite becomes null."""
    values = {n: value if math.isfinite(value) else None for n, value in result.values.items()}
    return {
        "values": values,
        "limits": result.limits,
        "errors": result.errors,
        "note": result.note,
    }


def to_markdown(report: Mapping[str, Any]) -> str:
    """The report of ``run.py`` as Markdown, a table per section, columns aligned."""
    lines = ["# Benchmarks", "", report["environment_line"], ""]
    if report["quick"]:
        lines += ["Toy sizes (`--quick`): the times below say nothing about speed.", ""]
    for name, section in report["sections"].items():
        lines += [f"## {name}", ""]
        if section["rows"]:
            lines += [*_table(section["rows"]), ""]
        lines += [f"- FAILED {text}" for text in section["failures"]]
        lines += [""] if section["failures"] else []
    failures = sum(len(section["failures"]) for section in report["sections"].values())
    lines.append(f"{failures} failures." if failures else "All checks passed.")
    return "\n".join(lines)


def _table(rows: Mapping[str, Mapping[str, Any]]) -> list[str]:
    columns = list(dict.fromkeys(column for row in rows.values() for column in row["values"]))
    has_notes = any(row["note"] or row["errors"] for row in rows.values())
    head = ["case", *(column.replace("_", " ") for column in columns)]
    table = [[*head, "note"] if has_notes else head]
    for name, row in rows.items():
        cells = [name, *(_cell(row, column) for column in columns)]
        table.append([*cells, "FAILED" if row["errors"] else row["note"]] if has_notes else cells)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    text = [_line(cells, widths) for cells in table]
    rule = [":" + "-" * (widths[0] - 1), *("-" * (width - 1) + ":" for width in widths[1:])]
    return [text[0], _line(rule, widths), *text[1:]]


def _line(cells: Sequence[str], widths: Iterable[int]) -> str:
    first, *others = zip(cells, widths, strict=True)
    return f"| {' | '.join([first[0].ljust(first[1]), *(c.rjust(w) for c, w in others)])} |"


def _cell(row: Mapping[str, Any], column: str) -> str:
    value, limit = row["values"].get(column), row["limits"].get(column)
    if limit is not None:
        return f"{float('nan') if value is None else value:.1e} (max {limit:.0e})"
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
