"""Where a task learns its training data by heart: its loss still falls, its validation gets worse.

The paper shows it for eight and eleven core tasks (supplement, D.5). A validation metric is best at
one step; how much it has lost since, and how much the training loss has fallen in the same steps,
tells overfitting from a training that has not converged and from noise, which has no direction.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from argus.analysis.chart import clean, line_color
from argus.analysis.curves import smooth
from argus.analysis.run_log import RunLog
from argus.errors import ConfigError, DataError
from argus.evaluation.table import results_table

_PANEL_INCHES = (4.2, 2.7)
_LOSS_COLOR = (0.45, 0.45, 0.45)
_MAX_COLUMNS = 4


@dataclass(frozen=True, kw_only=True)
class Overfitting:
    """One metric of one task of a training.

    Args:
        metric: ``<task>/<metric>``.
        less_is_better: Whether it is.
        best_step: Where the validation is best, the first one if several are.
        best: The metric there.
        last_step: Of the last validation.
        last: The metric there.
        loss_at_best: Averaged training loss of the task at ``best_step``.
        loss_at_last: And at ``last_step``.
    """

    metric: str
    less_is_better: bool
    best_step: int
    best: float
    last_step: int
    last: float
    loss_at_best: float
    loss_at_last: float

    @property
    def lost(self) -> float:
        """What the metric has lost since its best, at least 0, in its own unit."""
        return abs(self.last - self.best)

    def overfits(self, tolerance: float) -> bool:
        """Whether it has lost more than a share of its best, while the training loss fell."""
        return self.lost > tolerance * abs(self.best) and self.loss_at_last < self.loss_at_best


def find_overfitting(
    run: RunLog, *, metrics: Sequence[str] = (), smoothing: float = 0.03
) -> list[Overfitting]:
    """Compare the validations of a training with its losses.

    Args:
        run: With two validations at least.
        metrics: Names ``<task>/<metric>``; by default the first that each task reports.
        smoothing: Span of the average of the losses, as a share of the training.

    Raises:
        DataError: The training has not validated twice.
        ConfigError: A metric is not in the log.
    """
    measured = [name for name, series in run.validation.items() if len(series.steps) > 1]
    if not measured:
        raise DataError(
            f"{run.name}: its log has fewer than two validations, so nothing tells whether it "
            "overfits. Train with train_cfg.val_interval, e.g. a twentieth of the steps."
        )
    unknown = [name for name in metrics if name not in measured]
    if unknown:
        raise ConfigError(
            f"--metrics: {unknown[0]!r} is not in the log of {run.name}. Measured: "
            f"{', '.join(sorted(measured))}."
        )
    found = []
    for name in metrics or _first_of_each_task(run, measured):
        task = name.split("/", 1)[0]
        loss = run.training.get(f"{task}/loss")
        if loss is None:  # a metric of the whole, or of a task that is not trained
            continue
        series, is_less = run.validation[name], name in run.less_is_better
        values = -series.values if is_less else series.values
        best = int(np.nanargmax(values))
        averaged = smooth(loss, smoothing * (loss.steps[-1] - loss.steps[0]))
        at = np.interp([series.steps[best], series.steps[-1]], loss.steps, averaged)
        found.append(
            Overfitting(
                metric=name,
                less_is_better=is_less,
                best_step=int(series.steps[best]),
                best=float(series.values[best]),
                last_step=int(series.steps[-1]),
                last=float(series.values[-1]),
                loss_at_best=float(at[0]),
                loss_at_last=float(at[1]),
            )
        )
    return found


def _first_of_each_task(run: RunLog, measured: Sequence[str]) -> list[str]:
    names = [name for name in run.reported if name in measured] + list(measured)
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(name.split("/", 1)[0], name)
    return list(first.values())


def overfitting_table(found: Sequence[Overfitting], *, tolerance: float) -> str:
    """A line per metric: its best, its last, the loss at both, and what that means."""
    names = [item.metric for item in found]
    columns = {
        "best": {item.metric: item.best for item in found},
        "at step": {item.metric: float(item.best_step) for item in found},
        "last": {item.metric: item.last for item in found},
        "loss then": {item.metric: item.loss_at_best for item in found},
        "loss at last": {item.metric: item.loss_at_last for item in found},
    }
    lines = results_table(columns, names=names).splitlines()
    words = {item.metric: _verdict(item, tolerance) for item in found}
    verdicts = ["", "", *(words[name] for name in names)]
    return "\n".join(f"{line}  {word}".rstrip() for line, word in zip(lines, verdicts, strict=True))


def _verdict(item: Overfitting, tolerance: float) -> str:
    if item.overfits(tolerance):
        return "OVERFITS: the loss fell on"
    if item.lost > tolerance * abs(item.best):
        return "got worse, and so did the loss"
    return "" if item.lost else "best at its end"


def draw_overfitting(
    runs: Sequence[RunLog],
    *,
    metrics: Sequence[str] = (),
    smoothing: float = 0.03,
    tolerance: float = 0.01,
) -> Figure:
    """A panel per task and training: the loss in grey, the validation in colour, its best marked.

    Args:
        runs: Trainings, a row of panels or more for each.
        metrics: As for :func:`find_overfitting`.
        smoothing: Likewise.
        tolerance: Share of its best that a metric may lose.
    """
    rows = [
        (index, run, items[i : i + _MAX_COLUMNS])
        for index, run in enumerate(runs)
        for items in [find_overfitting(run, metrics=metrics, smoothing=smoothing)]
        for i in range(0, len(items), _MAX_COLUMNS)
    ]
    columns = max((len(items) for _, _, items in rows), default=1)
    width, height = _PANEL_INCHES
    figure = Figure(
        figsize=(max(width * columns, 6.0), height * len(rows) + 0.4), layout="constrained"
    )
    for row, (index, run, items) in enumerate(rows):
        for column, item in enumerate(items):
            axes = figure.add_subplot(len(rows), columns, row * columns + column + 1)
            title = item.metric if len(runs) == 1 else f"{run.name}: {item.metric}"
            _draw(axes, run, item, smoothing, line_color(index))
            if item.overfits(tolerance):
                title += "  (overfits)"
            axes.set_title(title, loc="left", fontsize=10, fontweight="bold")
    key = [
        Line2D([], [], color=_LOSS_COLOR, label="training loss of the task (left scale)"),
        Line2D([], [], color=line_color(0), marker="o", label="validation (right scale)"),
        Line2D([], [], color="black", linestyle=":", label="best validation"),
    ]
    figure.legend(handles=key, loc="outside upper left", ncols=3, frameon=False, fontsize=8)
    return figure


def _draw(
    axes: Axes, run: RunLog, item: Overfitting, smoothing: float, color: tuple[float, float, float]
) -> None:
    loss = run.training[f"{item.metric.split('/', 1)[0]}/loss"]
    clean(axes, "")
    span = smoothing * (loss.steps[-1] - loss.steps[0])
    axes.plot(loss.steps, loss.values, color=_LOSS_COLOR, alpha=0.2, linewidth=0.8)
    axes.plot(loss.steps, smooth(loss, span), color=_LOSS_COLOR, linewidth=1.4)
    axes.set_xlim(0, 1.03 * loss.steps[-1])
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    series = run.validation[item.metric]
    right = axes.twinx()
    right.plot(series.steps, series.values, color=color, marker="o", markersize=3.5, linewidth=1.6)
    if item.less_is_better:  # up is better in every panel
        right.invert_yaxis()
    right.spines[["top", "left"]].set_visible(False)
    right.tick_params(labelsize=8, colors=color)
    right.margins(y=0.2)
    axes.axvline(item.best_step, color="black", linestyle=":", linewidth=1)
    right.annotate(
        f"{item.best:.3g}",
        (item.best_step, item.best),
        xytext=(0, 6),
        textcoords="offset points",
        ha="right" if item.best_step > 0.8 * loss.steps[-1] else "center",
        fontsize=8,
    )
    change = f"last {item.last:.3g}, {item.last - item.best:+.3g} since step {item.best_step:,}"
    axes.set_xlabel(
        f"step; {change if item.best_step < item.last_step else 'best at the end'}", fontsize=8
    )
