"""Numbers of the table: mean and spread over the seeds, difference to the first row, the best."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from argus.ablation.rows import Row
from argus.ablation.runs import Metric


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One metric of one row.

    Args:
        values: By seed, as fractions or in the metric's unit.
        difference: Of its mean to that of the first row; ``None`` in the first row, or where that
            has none.
        is_best: Whether no row's mean, as it is shown, is better; false where no other has one.
    """

    metric: Metric
    values: Mapping[int, float]
    difference: float | None = None
    is_best: bool = False

    @property
    def mean(self) -> float:
        """Over the seeds."""
        return statistics.fmean(self.values.values())

    @property
    def spread(self) -> float | None:
        """Standard deviation over the seeds (of the sample); ``None`` of a single one."""
        return statistics.stdev(self.values.values()) if len(self.values) > 1 else None

    def shown(self, number: float, *, sign: bool = False) -> str:
        """A number as the table has it: percent with one digit, others with a thousandth."""
        scaled, digits = (number, 3) if self.metric.unit else (100 * number, 1)
        return f"{scaled:{'+' if sign else ''}.{digits}f}"


@dataclass(frozen=True, kw_only=True)
class Table:
    """The whole table.

    Args:
        title: Of the list.
        seeds: Over which the means are, where a run has results.
        metrics: Columns.
        rows: By their names, a cell by metric; those without results are absent.
        failed: Why runs have no results, by name.
    """

    title: str
    seeds: Sequence[int]
    metrics: Sequence[Metric]
    rows: Mapping[str, Mapping[str, Cell]]
    failed: Mapping[str, str]

    def to_dict(self, rows: Sequence[Row]) -> dict[str, Any]:
        """For a JSON file: the numbers with all their digits, as fractions or in their units."""
        return dict(
            title=self.title,
            seeds=list(self.seeds),
            metrics=[
                dict(name=m.name, unit=m.unit or "fraction", less_is_better=m.less_is_better)
                for m in self.metrics
            ],
            rows=[
                dict(
                    name=row.name,
                    config=row.config,
                    options=list(row.options),
                    checkpoint_of=row.checkpoint_of,
                    backbone_of=row.backbone_of,
                    results={
                        name: dict(
                            values={str(seed): value for seed, value in cell.values.items()},
                            mean=cell.mean,
                            spread=cell.spread,
                            difference=cell.difference,
                        )
                        for name, cell in self.rows[row.name].items()
                    },
                )
                for row in rows
            ],
            failed=dict(self.failed),
        )


def make_table(
    title: str,
    rows: Sequence[str],
    seeds: Sequence[int],
    metrics: Sequence[Metric],
    results: Mapping[tuple[str, int], Mapping[str, float]],
    failed: Mapping[str, str],
) -> Table:
    """Compute the table.

    Args:
        title: Of the list.
        rows: Names, in order.
        seeds: In order.
        metrics: Columns.
        results: Values by ``<task>/<metric>``, by row and seed.
        failed: Why runs have no results, by name.
    """
    cells: dict[str, dict[str, Cell]] = {row: {} for row in rows}
    for metric in metrics:
        column = {}
        for row in rows:
            found = {seed: results.get((row, seed), {}).get(metric.name) for seed in seeds}
            values = {seed: value for seed, value in found.items() if value is not None}
            if values:
                column[row] = Cell(metric=metric, values=values)
        best = _best(column, metric)
        first = column.get(rows[0])
        for row, cell in column.items():
            difference = None if first is None or row == rows[0] else cell.mean - first.mean
            is_best = len(column) > 1 and cell.shown(cell.mean) == best
            cells[row][metric.name] = Cell(
                metric=metric, values=cell.values, difference=difference, is_best=is_best
            )
    return Table(title=title, seeds=seeds, metrics=metrics, rows=cells, failed=failed)


def _best(column: Mapping[str, Cell], metric: Metric) -> str:
    """The best mean of a column as it is shown: what looks equal is equally good."""
    choose = min if metric.less_is_better else max
    cell = choose(column.values(), key=lambda cell: cell.mean, default=None)
    return "" if cell is None or math.isnan(cell.mean) else cell.shown(cell.mean)
