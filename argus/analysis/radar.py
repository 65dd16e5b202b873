"""Results of several models as one radar chart (Figure 1 of the Argus paper): an axis per metric.

Every axis has its own range, which the picture states at both ends: what such a chart shows depends
on it more than on the numbers. Outside is better; where less is better, the axis begins with more.
"""

import json
import math
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.projections.polar import PolarAxes

from argus.analysis.chart import line_color, line_style
from argus.datasets.own.texts import read_text, read_yaml
from argus.errors import ConfigError, DataError
from argus.names.wording import listed

_MIN_AXES = 3
_NUM_RINGS = 4
_MAX_BYTES = 2**24
_INCHES = (10.0, 8.0)
_PLACE = (0.23, 0.15, 0.54, 0.7)  # left, bottom, width, height: room for words on all sides
_WRAP = 150


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One axis.

    Args:
        metric: ``<task>/<metric>``.
        label: As the picture has it.
        inner: Value in the middle, in percent, or in ``unit``.
        outer: Value at the rim; less than ``inner`` where less is better.
        unit: Empty for a fraction.
    """

    metric: str
    label: str
    inner: float
    outer: float
    unit: str = ""

    def place(self, value: float) -> float:
        """Distance from the middle, 0 to 1, of a value as the axis counts it."""
        return (value - self.inner) / (self.outer - self.inner)

    def shown(self, value: float) -> str:
        """A number with its unit."""
        return f"{value:g} {self.unit}" if self.unit else f"{value:g}"


@dataclass(frozen=True, kw_only=True)
class Results:
    """What was measured of a model.

    Args:
        values: By ``<task>/<metric>``.
        in_percent: Whether fractions are percent there.
    """

    values: Mapping[str, float]
    in_percent: bool

    def on(self, axis: Axis) -> float | None:
        """The value as an axis counts it; ``None`` if it was not measured."""
        value = self.values.get(axis.metric)
        return value if value is None or axis.unit or self.in_percent else 100 * value


def read_axes(path: str | Path) -> list[Axis]:
    """Axes from a YAML file: ``axes``, a list with the arguments of :class:`Axis`.

    Raises:
        DataError: The file cannot be read.
        ConfigError: It lists something else.
    """
    entries = read_yaml(path).get("axes")
    if not isinstance(entries, list):
        raise ConfigError(f"{path}: expected 'axes', a list, found {entries!r:.60}.")
    axes = []
    for number, entry in enumerate(entries, start=1):
        known = {"metric": str, "label": str, "inner": float, "outer": float, "unit": str}
        if not isinstance(entry, Mapping) or set(entry) - set(known):
            raise ConfigError(
                f"{path}, axis {number}: expected {', '.join(known)}, found {entry!r:.100}."
            )
        values: dict[str, Any] = {"label": entry.get("metric", ""), "unit": "", **entry}
        for key, kind in known.items():
            value = values.get(key)
            is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not (is_number if kind is float else isinstance(value, str)):
                raise ConfigError(f"{path}, axis {number}: {key}: found {value!r:.60}.")
        axes.append(_checked(Axis(**values), f"{path}, axis {number}"))
    return axes


def parse_axis(text: str) -> Axis:
    """An axis from ``TASK/METRIC=INNER:OUTER`` or ``TASK/METRIC=INNER:OUTER:UNIT``.

    Raises:
        ConfigError: It is none.
    """
    found = re.fullmatch(r"([^=]+/[^=]+)=([-\d.eE]+):([-\d.eE]+)(?::(\S.*))?", text)
    try:
        numbers = [float(found[2]), float(found[3])] if found else []
    except ValueError:
        numbers = []
    if found is None or not numbers:
        raise ConfigError(
            f"--axis: expected TASK/METRIC=INNER:OUTER, with :UNIT where it is no fraction, found "
            f"{text!r}."
        )
    label = found[1].replace("/", " ")
    axis = Axis(
        metric=found[1], label=label, inner=numbers[0], outer=numbers[1], unit=found[4] or ""
    )
    return _checked(axis, f"--axis {text}")


def _checked(axis: Axis, where: str) -> Axis:
    if not (math.isfinite(axis.inner) and math.isfinite(axis.outer)) or axis.inner == axis.outer:
        raise ConfigError(
            f"{where}: expected two different numbers, found {axis.inner} and {axis.outer}."
        )
    return axis


def choose_axes(axes: Sequence[Axis], given: Sequence[Axis]) -> list[Axis]:
    """The axes with other ranges, if all that are given are among them; else those given alone."""
    by_metric = {axis.metric: axis for axis in given}
    known = {axis.metric for axis in axes}
    if set(by_metric) <= known:
        return [_with_range(axis, by_metric.get(axis.metric, axis)) for axis in axes]
    return list(by_metric.values())


def _with_range(axis: Axis, other: Axis) -> Axis:
    return replace(axis, inner=other.inner, outer=other.outer, unit=other.unit)


def read_model(sources: Sequence[str]) -> Results:
    """Results from one or several files; of a metric in several the last one counts.

    Raises:
        DataError: A file cannot be read.
        ConfigError: Some are in percent and others in fractions.
    """
    found = [read_results(source) for source in sources]
    if len({results.in_percent for results in found}) > 1:
        raise ConfigError(f"{', '.join(sources)}: expected JSON files, or columns of tables alone.")
    values = {name: value for results in found for name, value in results.values.items()}
    return Results(values=values, in_percent=found[0].in_percent)


def read_results(source: str) -> Results:
    """Results of one model.

    Args:
        source: ``FILE.json`` as ``tools/test.py`` writes it, in fractions and units; or
            ``FILE.md:COLUMN``, a column of a Markdown table whose rows begin with
            `` `<task>/<metric>` ``, in percent and units.

    Raises:
        DataError: The file cannot be read, or has no such numbers.
    """
    path, _, column = source.partition(".md:")
    if column:
        return Results(values=_column(f"{path}.md", column), in_percent=True)
    try:
        content = json.loads(read_text(source, most=_MAX_BYTES))
    except ValueError as error:
        raise DataError(f"{source}: no valid JSON: {error}.") from error
    values = content if isinstance(content, dict) else {}
    found = {
        name: float(value)
        for name, value in values.items()
        if isinstance(value, (int, float)) and math.isfinite(value)
    }
    if not found:
        raise DataError(f"{source}: expected numbers by <task>/<metric>, as tools/test.py writes.")
    return Results(values=found, in_percent=False)


def _column(path: str, column: str) -> dict[str, float]:
    """Numbers of a column by the metric that begins their row."""
    titles: list[str] = []
    seen: list[str] = []
    found: dict[str, float] = {}
    for line in read_text(path, most=_MAX_BYTES).splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.lstrip().startswith("|"):
            titles = []
        elif not titles:
            titles = cells
            seen += [title for title in cells if title]
        elif column in titles and (name := re.fullmatch(r"`([\w.]+/[\w.]+)`", cells[0])):
            number = re.fullmatch(r"\**(-?\d+(?:\.\d+)?)\**", cells[titles.index(column)])
            if number:
                found.setdefault(name[1], float(number[1]))
    if not found:
        raise DataError(
            f"{path}: no table has a column {column!r} with numbers, and metrics in its first one; "
            f"columns: {listed(dict.fromkeys(seen))}."
        )
    return found


def draw_radar(models: Mapping[str, Results], axes: Sequence[Axis]) -> Figure:
    """Draw the chart.

    Args:
        models: Results by name of the model.
        axes: Those that no model has a value of are left out.

    Raises:
        ConfigError: Too few axes are left, or a value lies outside its axis.
    """
    shown = [axis for axis in axes if any(m.on(axis) is not None for m in models.values())]
    if len(shown) < _MIN_AXES:
        have = listed(dict.fromkeys(name for model in models.values() for name in model.values))
        raise ConfigError(
            f"a radar chart needs {_MIN_AXES} axes, found {len(shown)} with a value. Name axes of "
            f"what was measured by --axis TASK/METRIC=INNER:OUTER: {have}."
        )
    places = {name: [_place(name, model, axis) for axis in shown] for name, model in models.items()}
    figure = Figure(figsize=_INCHES)
    chart = figure.add_axes(_PLACE, projection="polar")
    assert isinstance(chart, PolarAxes)
    angles = np.linspace(0, 2 * np.pi, len(shown), endpoint=False)
    _frame(chart, shown, angles)
    for index, (name, found) in enumerate(places.items()):
        closed, color = [*found, found[0]], line_color(index)
        chart.plot(
            [*angles, angles[0]],
            closed,
            color=color,
            linestyle=line_style(index),
            marker="o",
            markersize=4,
            label=name,
        )
        if not np.isnan(found).any():
            chart.fill([*angles, angles[0]], closed, color=color, alpha=0.08)
    missing = [
        f"{name} has no number of {listed(absent)}"
        for name, model in models.items()
        if (absent := [axis.label for axis in shown if model.on(axis) is None])
    ]
    figure.legend(
        handles=chart.lines[-len(models) :],
        loc="upper left",
        bbox_to_anchor=(0.01, 0.995),
        frameon=False,
        fontsize=9,
    )
    lines = [line for text in missing for line in textwrap.wrap(text, _WRAP)]
    figure.text(0.015, 0.015, "\n".join(lines), fontsize=8, color="0.4", va="bottom")
    return figure


def _place(name: str, model: Results, axis: Axis) -> float:
    """Where a model stands on an axis; NaN if it was not measured."""
    value = model.on(axis)
    if value is None:
        return math.nan
    if not 0 <= axis.place(value) <= 1:
        raise ConfigError(
            f"{name}: {axis.metric} is {axis.shown(value)}, outside of its axis, "
            f"{axis.shown(axis.inner)} to {axis.shown(axis.outer)}. State another range by --axis "
            f"{axis.metric}=INNER:OUTER{f':{axis.unit}' if axis.unit else ''}."
        )
    return axis.place(value)


def _frame(chart: PolarAxes, axes: Sequence[Axis], angles: np.ndarray) -> None:
    """Straight rings, an axis per metric with its range, its name outside."""
    chart.set_theta_offset(np.pi / 2)
    chart.set_theta_direction(-1)
    chart.set_ylim(0, 1)
    chart.grid(visible=False)
    chart.spines["polar"].set_visible(False)
    chart.set_yticks([])
    chart.set_xticks(angles, [""] * len(axes))
    around = [*angles, angles[0]]
    for ring in np.linspace(0, 1, _NUM_RINGS + 1)[1:]:
        chart.plot(around, [ring] * len(around), color="0.85", linewidth=0.8, zorder=0)
    for axis, angle in zip(axes, angles, strict=True):
        chart.plot([angle, angle], [0, 1], color="0.85", linewidth=0.8, zorder=0)
        # At the right of the middle text begins at the axis, at its left it ends there.
        side = math.sin(angle)
        side = 0.0 if abs(side) < 0.1 else side
        chart.text(
            angle,
            1.09,
            f"{axis.label}\n{axis.inner:g} to {axis.shown(axis.outer)}",
            ha="center" if side == 0 else "left" if side > 0 else "right",
            va="center",
            fontsize=9,
        )
