"""Fixed loss weights from the norms of the tasks' gradients on the shared parameters.

AdamW takes a decoder's steps whatever the size of its gradient; a loss weight says how the tasks
share what they train together. So the weights are those with which every task pulls there as hard
as it is meant to::

    weight = ratio * reference / norm

with the norm of the gradient at weight 1, and the reference such that one task keeps its weight.
The ratios are no published numbers: the Argus paper says that its weights are empirical constants.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from argus.analysis.gradients import GradientReport
from argus.errors import ConfigError, DataError

RATIOS = {"instances": 1.0}
"""Meant strength of a task's pull by the kind of its answers."""
OTHER_RATIO = 0.5
"""Of a task of another kind."""


@dataclass(frozen=True, kw_only=True)
class CalibratedTask:
    """One task's weight, and what it was computed of.

    Args:
        norm: Mean over the batches, of the gradient at weight 1.
        spread: Standard deviation over the batches.
        ratio: Meant strength of its pull.
        old: Weight that it had.
        new: Weight that gives it this strength.
    """

    norm: float
    spread: float
    ratio: float
    old: float
    new: float


def calibrate(
    report: GradientReport,
    weights: Mapping[str, float],
    ratios: Mapping[str, float],
    *,
    reference: str | None = None,
) -> dict[str, CalibratedTask]:
    """Weights by task, in the order of ``weights``.

    Args:
        report: Gradients of the weighted losses.
        weights: With which they were measured.
        ratios: Meant strength of each task's pull.
        reference: Task that keeps its weight; by default the first of those with the largest ratio.

    Raises:
        ConfigError: A ratio is not above 0, or the reference is no task.
        DataError: The norm of a task is 0 or not finite.
    """
    tasks = [name for name in weights if name in report.tasks]
    for name in tasks:
        if not (np.isfinite(ratios[name]) and ratios[name] > 0):
            raise ConfigError(
                f"the ratio of task {name!r}: expected a number above 0, found {ratios[name]}."
            )
    reference = reference or max(tasks, key=lambda name: ratios[name])
    if reference not in tasks:
        raise ConfigError(
            f"the reference: expected one of {', '.join(tasks)}, found {reference!r}."
        )
    means = dict(zip(report.tasks, report.norms.mean(0), strict=True))
    for name in tasks:
        if not (np.isfinite(means[name]) and means[name] > 0 and weights[name] > 0):
            raise DataError(
                f"task {name!r} has a gradient of norm {means[name]:g} on the shared parameters at "
                f"weight {weights[name]:g}, so no weight can be computed of it: look at its loss "
                f"and data, or leave it out by --cfg-options tasks.{name}=None."
            )
    spreads = dict(zip(report.tasks, report.norms.std(0), strict=True))
    # What the reference pulls with now, for a ratio of 1.
    unit = float(means[reference]) / ratios[reference]
    return {
        name: CalibratedTask(
            norm=float(means[name]) / weights[name],
            spread=float(spreads[name]) / weights[name],
            ratio=ratios[name],
            old=weights[name],
            new=ratios[name] * unit * weights[name] / float(means[name]),
        )
        for name in tasks
    }


def calibration_table(found: Mapping[str, CalibratedTask], report: GradientReport) -> str:
    """Norms, weights and cosines as text."""
    rows = [
        ["task", "norm at weight 1", "spread", "ratio", "old weight", "new weight"],
        *(
            [
                name,
                f"{task.norm:.4g}",
                f"{task.spread:.3g}",
                f"{task.ratio:g}",
                f"{task.old:g}",
                f"{rounded(task.new):g}",
            ]
            for name, task in found.items()
        ),
    ]
    means, spreads = report.cosine_means, report.cosine_spreads
    places = [report.tasks.index(name) for name in found]
    cosines = [["cosine", *found]]
    for name, row in zip(found, places, strict=True):
        pairs = [(means[row, column], spreads[row, column]) for column in places]
        cells = [f"{mean:.2f} +- {spread:.2f}" for mean, spread in pairs]
        cells[places.index(row)] = ""
        cosines.append([name, *cells])
    return f"{_aligned(rows)}\n\n{_aligned(cosines)}"


def rounded(weight: float) -> float:
    """A weight as a config has it: four digits are more than the batches tell."""
    return float(f"{weight:.4g}")


def _aligned(rows: list[list[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
