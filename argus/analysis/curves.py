"""Curves of trainings as one picture: a row of panels per task, and rows for the whole."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from argus.analysis.chart import LINE_COLORS, LineStyle, clean, line_color, line_style
from argus.analysis.run_log import RunLog, Series
from argus.errors import ConfigError

# Panels of metrics per task, unless more are asked for by name.
_MOST_METRICS = 2
# Beyond this ratio of the largest to the smallest value, small values need a logarithmic axis.
_LOG_RATIO = 20.0
_PANEL_INCHES = (3.5, 2.3)
_MEAN_GAIN = "multitask/mean_gain"
# What shows the balance of the tasks: names in the log, and titles.
_BALANCE = {
    "loss_weighted": "weighted losses of the tasks",
    "adapter_grad_norm": "adapter gradient norms",
}


@dataclass(frozen=True)
class _Panel:
    """A place of the picture: its title and the curves it shows."""

    title: str
    draw: Callable[[Axes], None]


def smooth(series: Series, span: float) -> np.ndarray:
    """Exponential moving average over unevenly spaced steps, without the pull towards zero.

    ``s_i = sum_j w_ij v_j / sum_j w_ij`` over ``j <= i`` with ``w_ij = exp(-(t_i - t_j) / span)``.

    Args:
        series: The values.
        span: Steps after which a value counts 1/e; 0 leaves the values as they are.

    Returns:
        ``(N,)`` float64.
    """
    if span <= 0:
        return series.values.astype(np.float64)
    smoothed = np.empty(len(series.values))
    total = weight = 0.0
    previous = series.steps[0] if len(series.steps) else 0
    for index, (step, value) in enumerate(zip(series.steps, series.values, strict=True)):
        kept = math.exp(-(step - previous) / span)
        total, weight, previous = total * kept + value, weight * kept + 1.0, step
        smoothed[index] = total / weight
    return smoothed


def draw_curves(
    runs: Sequence[RunLog], *, metrics: Sequence[str] = (), smoothing: float = 0.03
) -> Figure:
    """Losses and validation metrics of every task, and the balance of the tasks in the whole.

    Args:
        runs: One training, or several to compare: then a colour is a run.
        metrics: Names ``<task>/<metric>`` to show; by default those of the tables of the runs.
        smoothing: Span of the average, as a share of the steps of a run; 0 for none.

    Raises:
        ConfigError: If a metric was not logged, or ``smoothing`` is out of range.
    """
    if not 0 <= smoothing <= 1:
        raise ConfigError(f"smoothing: expected a share in [0, 1], found {smoothing}.")
    shown = list(metrics) or _default_metrics(runs)
    _check_metrics(shown, runs)
    tasks = list(dict.fromkeys(task for run in runs for task in run.tasks))
    rows = [_task_row(task, runs, shown, smoothing) for task in tasks]
    rows += _whole(runs, tasks, smoothing)
    num_columns = max(len(row) for row in rows)
    width, height = _PANEL_INCHES
    figure = Figure(
        figsize=(max(width * num_columns, 7.0), height * len(rows) + 0.4), layout="constrained"
    )
    for index, row in enumerate(rows):
        for column, panel in enumerate(row):
            axes = figure.add_subplot(len(rows), num_columns, index * num_columns + column + 1)
            clean(axes, panel.title)
            # The whole training in every panel, so that a point stands at its place in it.
            axes.set_xlim(0, 1.03 * max(run.training["loss"].steps[-1] for run in runs))
            axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
            panel.draw(axes)
            if index == len(rows) - 1:
                axes.set_xlabel("step", fontsize=8)
    if len(runs) > 1:
        handles = _key([run.name for run in runs])
        figure.legend(handles=handles, loc="outside upper left", ncols=2, frameon=False)
    else:
        figure.suptitle(runs[0].name, x=0.01, ha="left", fontsize=11)
    return figure


def _default_metrics(runs: Sequence[RunLog]) -> list[str]:
    """The first metrics of each task: of those that its tables report, or of all measured."""
    measured = list(dict.fromkeys(name for run in runs for name in run.validation))
    reported = [name for run in runs for name in run.reported if name in measured]
    chosen = []
    for task in dict.fromkeys(name.split("/")[0] for name in measured):
        own = [name for name in dict.fromkeys(reported) if name.split("/")[0] == task]
        chosen += (own or [n for n in measured if n.split("/")[0] == task])[:_MOST_METRICS]
    return chosen


def _check_metrics(names: Sequence[str], runs: Sequence[RunLog]) -> None:
    measured = {name for run in runs for name in run.validation}
    for name in names:
        if name not in measured:
            listed = ", ".join(sorted(measured)) or "none: the training has not validated yet"
            raise ConfigError(f"--metrics: {name!r} is not in the log. Measured: {listed}.")


def _task_row(
    task: str, runs: Sequence[RunLog], metrics: Sequence[str], smoothing: float
) -> list[_Panel]:
    row = [_Panel(f"{task}: loss", _training_curves(f"{task}/loss", runs, smoothing))]
    for metric in metrics:
        owner, _, name = metric.partition("/")
        if owner == task:
            row.append(_Panel(f"{task}: {name}", _validation_curves(metric, runs)))
    return row


def _whole(runs: Sequence[RunLog], tasks: Sequence[str], smoothing: float) -> list[list[_Panel]]:
    """Rows of what is not of one task: shares of the loss, gradients, learning rate."""
    first = [_Panel("total loss", _training_curves("loss", runs, smoothing))]
    if any("grad_norm" in run.training for run in runs):
        draw = _training_curves("grad_norm", runs, smoothing)
        first.append(_Panel("gradient norm (all, before clipping)", draw))
    first.append(_Panel("learning rate", _training_curves("lr", runs, 0.0, linear=True)))
    if any(_MEAN_GAIN in run.validation for run in runs):
        first.append(_Panel("mean gain over the baseline", _validation_curves(_MEAN_GAIN, runs)))
    rows = [first]
    for run in runs if len(tasks) > 1 else ():
        suffix = f" ({run.name})" if len(runs) > 1 else ""
        row = [
            _Panel(f"{title}{suffix}", _by_task(run, tasks, ending, smoothing))
            for ending, title in _BALANCE.items()
            if any(f"{task}/{ending}" in run.training for task in tasks)
        ]
        rows.append([*row, _Panel("", _legend(tasks))])
    return rows


def _training_curves(
    name: str, runs: Sequence[RunLog], smoothing: float, *, linear: bool = False
) -> Callable[[Axes], None]:
    def draw(axes: Axes) -> None:
        for index, run in enumerate(runs):
            if name in run.training:
                series = run.training[name]
                _draw_smoothed(axes, series, smoothing, line_color(index), line_style(index))
        if not linear:
            _choose_scale(axes, [run.training[name].values for run in runs if name in run.training])

    return draw


def _by_task(
    run: RunLog, tasks: Sequence[str], ending: str, smoothing: float
) -> Callable[[Axes], None]:
    def draw(axes: Axes) -> None:
        values = []
        for index, task in enumerate(tasks):
            series = run.training.get(f"{task}/{ending}")
            if series is not None:
                values.append(series.values)
                _draw_smoothed(axes, series, smoothing, line_color(index), line_style(index))
        _choose_scale(axes, values)

    return draw


def _legend(tasks: Sequence[str]) -> Callable[[Axes], None]:
    """A place of its own: over the curves it would hide some."""

    def draw(axes: Axes) -> None:
        axes.axis("off")
        columns = 1 + (len(tasks) > len(LINE_COLORS))
        axes.legend(handles=_key(tasks), loc="upper left", ncols=columns, frameon=False, fontsize=9)

    return draw


def _key(names: Sequence[str]) -> list[Line2D]:
    return [
        Line2D([], [], color=line_color(i), linestyle=line_style(i), linewidth=1.6, label=name)
        for i, name in enumerate(names)
    ]


def _validation_curves(name: str, runs: Sequence[RunLog]) -> Callable[[Axes], None]:
    def draw(axes: Axes) -> None:
        for index, run in enumerate(runs):
            series = run.validation.get(name)
            if series is None:
                continue
            axes.plot(
                series.steps,
                series.values,
                color=line_color(index),
                linestyle=line_style(index),
                marker="o",
                markersize=4,
                linewidth=1.6,
            )
            step, value = series.steps[-1], series.values[-1]
            at_left = step < sum(axes.get_xlim()) / 2  # the text goes towards the middle
            axes.annotate(
                f"{value:.3g}",
                (step, value),
                xytext=(5 if at_left else -5, 5 if index % 2 == 0 else -11),
                textcoords="offset points",
                ha="left" if at_left else "right",
                fontsize=8,
                color=line_color(index),
            )
        axes.margins(y=0.25)

    return draw


def _draw_smoothed(
    axes: Axes,
    series: Series,
    smoothing: float,
    color: tuple[float, float, float],
    style: LineStyle,
) -> None:
    """The average as a line, the raw values faint behind it."""
    averaged = smooth(series, smoothing * (series.steps[-1] - series.steps[0]))
    if smoothing > 0:
        axes.plot(series.steps, series.values, color=color, alpha=0.25, linewidth=0.8)
    marker = "o" if len(series.steps) == 1 else None
    axes.plot(
        series.steps,
        averaged,
        color=color,
        linestyle=style,
        linewidth=1.6,
        marker=marker,
        markersize=4,
    )


def _choose_scale(axes: Axes, values: Sequence[np.ndarray]) -> None:
    """A logarithmic axis for positive values of several magnitudes."""
    joined = np.concatenate(values) if values else np.zeros(0)
    joined = joined[np.isfinite(joined)]
    if joined.size and joined.min() > 0 and joined.max() / joined.min() > _LOG_RATIO:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=7))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
