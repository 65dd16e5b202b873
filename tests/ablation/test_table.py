"""Means and spreads are NumPy's, the best is bold, and all three formats say the same."""

import json
import re

import numpy as np
import pytest

from argus.ablation.formats import to_latex, to_markdown
from argus.ablation.rows import Row
from argus.ablation.runs import Metric
from argus.ablation.table import Table, make_table

METRICS = [
    Metric(name="a/mIoU"),
    Metric(name="d/rmse", unit="m", less_is_better=True),
]
ROWS = ["main", "other & 5%", "half"]
RESULTS = {
    ("main", 0): {"a/mIoU": 0.511, "d/rmse": 0.30, "a/unlisted": 1.0},
    ("main", 1): {"a/mIoU": 0.531, "d/rmse": 0.34},
    ("other & 5%", 0): {"a/mIoU": 0.60, "d/rmse": 0.50},
    ("other & 5%", 1): {"a/mIoU": 0.59, "d/rmse": 0.55},
    ("half", 1): {"d/rmse": 0.32},
}


@pytest.fixture
def table() -> Table:
    failed = {"half, seed 0": "it burnt."}
    return make_table("Parts", ROWS, [0, 1], METRICS, RESULTS, failed)


def test_make_table__mean_spread_and_difference(table: Table) -> None:
    for row in ROWS[:2]:
        for metric in METRICS:
            values = [RESULTS[row, seed][metric.name] for seed in (0, 1)]
            cell = table.rows[row][metric.name]
            assert cell.mean == pytest.approx(np.mean(values))
            assert cell.spread == pytest.approx(np.std(values, ddof=1))
    assert table.rows["main"]["a/mIoU"].difference is None
    assert table.rows["other & 5%"]["a/mIoU"].difference == pytest.approx(0.595 - 0.521)
    assert "a/mIoU" not in table.rows["half"] and table.rows["half"]["d/rmse"].spread is None


def test_make_table__best_is_as_shown_and_less_where_less_is_better(table: Table) -> None:
    best = {(r, n) for r, cells in table.rows.items() for n, cell in cells.items() if cell.is_best}
    # 0.32 of both is equally good, whatever floating-point numbers make of their means.
    assert best == {("other & 5%", "a/mIoU"), ("main", "d/rmse"), ("half", "d/rmse")}
    single = make_table("Parts", ["main"], [0], METRICS, RESULTS, {})
    assert not any(cell.is_best for cell in single.rows["main"].values())


def test_formats__say_the_same(table: Table) -> None:
    markdown, latex = to_markdown(table), to_latex(table)
    assert "| other & 5% | **59.5** +- 0.7 (+7.4) |" in markdown
    assert "**0.320** +- 0.028 |" in markdown and "**0.320** (+0.000) [1 of 2] |" in markdown
    assert "- **half, seed 0**: it burnt." in markdown and "less is better" in markdown
    assert r"other \& 5\% & \textbf{59.5} $\pm$ 0.7 (+7.4) & 0.525 $\pm$ 0.035" in latex
    assert r"half & -- & \textbf{0.320} (+0.000) [1 of 2] \\" in latex
    assert len({len(line) for line in markdown.splitlines() if line.startswith("|")}) == 1
    assert latex.count("&") - latex.count(r"\&") == 2 * 4

    found = json.loads(json.dumps(table.to_dict([Row(name=row, config="c.py") for row in ROWS])))
    shown = re.findall(r"\| main +\| +([\d.]+)", markdown)[0]
    assert f"{100 * found['rows'][0]['results']['a/mIoU']['mean']:.1f}" == shown
    assert found["rows"][1]["results"]["d/rmse"]["values"] == {"0": 0.5, "1": 0.55}
    assert found["failed"] == {"half, seed 0": "it burnt."}
