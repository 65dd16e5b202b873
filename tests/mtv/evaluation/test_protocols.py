"""Evaluations by name, and options from a command line."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from argus.errors import ConfigError
from argus.mtv.evaluation.paper import COLUMNS, TABLE_3, TABLE_4, TABLE_5, paper_rows
from argus.mtv.evaluation.protocols import (
    NAMES,
    Evaluation,
    Metric,
    find_evaluation,
    read_options,
)


@dataclass(frozen=True, kw_only=True)
class Choices:
    size: int = 3
    rate: float = 0.5
    flips: bool = False
    mode: str = "a"
    file: str | None = "b"
    sides: tuple[int, ...] = (1,)


def evaluation(name: str, options: type = Choices) -> Evaluation:
    metrics = {"m": Metric(title="m")}
    return Evaluation(
        name=name, title=name, run=lambda *_: {}, metrics=metrics, layout="", options=options
    )


def test_options__are_of_the_kind_of_their_fields() -> None:
    words = ["size=7", "rate=1e-3", "flips=true", "one.mode=c=d", "file=none", "sides=4,5"]
    found = read_options([evaluation("one"), evaluation("two")], words)
    same = dict(size=7, rate=0.001, flips=True, file=None, sides=(4, 5))
    assert found == {"one": Choices(mode="c=d", **same), "two": Choices(**same)}


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("size", "expected KEY=VALUE with one of one.size, one.rate"),
        ("sizes=3", "expected KEY=VALUE with one of one.size, one.rate"),
        ("two.size=3", "expected KEY=VALUE with one of"),
        ("size=x", "--option size: expected int, found 'x'"),
        ("flips=1", "--option flips: expected bool, found '1'"),
        ("sides=1,b", "--option sides: expected int, found 'b'"),
    ],
)
def test_options__that_are_wrong_are_told(word: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_options([evaluation("one")], [word])


def test_evaluations__are_whole() -> None:
    for name in NAMES:
        found = find_evaluation(name)
        assert found.metrics and found.layout and found.open_points, name
        found.options()  # all have defaults
        for row, values in found.paper.items():
            assert values and values.keys() <= found.metrics.keys(), (name, row)
    with pytest.raises(ConfigError, match="--on: expected some of zero_shot, .*, found 'x'"):
        find_evaluation("x")


def test_paper__is_in_the_configs_as_well() -> None:
    found = paper_rows(dict(pictures=5), top1="in1k")
    assert found["MTV-L/16 100M"] == dict(top1=75.2, pictures=5)
    assert all(len(row) == len(COLUMNS) for row in TABLE_5.values())
    # The docstrings of the configs were written from the paper by another hand.
    folder = Path(__file__).parents[3] / "configs/mtv"
    files = {"VL": "_vl", "VL + SSL": "_vl_ssl", "VL + SSL + Ground.": "_vl_ssl_grounding"}
    for block, rows in TABLE_3.items():
        size, pairs = block.split()
        stem = f"{'base_224' if size == 'B/16' else 'large_256'}_{pairs.lower()}"
        for tasks, row in rows.items():
            path = folder / (f"rows/{stem}{files[tasks]}.py" if tasks in files else f"{stem}.py")
            shown = [f"{value:.3f}"[1:] if value < 1 else f"{value:.1f}" for value in row.values()]
            assert " ".join(shown) in " ".join(path.read_text().split()), path


def test_guide__has_the_tables_of_the_paper() -> None:
    page = (Path(__file__).parents[3] / "docs/mtv_evaluate.md").read_text()
    cells = {tuple(cell.strip() for cell in line.split("|")[1:-1]) for line in page.splitlines()}
    rows = {row[0]: row[2:] for row in cells if len(row) > 2}

    def shown(values: Iterable[float]) -> tuple[str, ...]:
        return tuple(f"{value:.3f}" if 0 < value < 1 else f"{value:.1f}" for value in values)

    for block, table in TABLE_3.items():
        for tasks, row in table.items():
            assert rows[f"{block}, {tasks}"] == shown(row.values())
    for name, row in TABLE_5.items():
        assert rows[f"Table 5, {name.removeprefix('MTV-')}, all tasks"] == shown(row.values())
    for block, pairs in TABLE_4.items():
        for pair, values in pairs.items():
            assert rows[f"{block}, {' x '.join(pair)}"] == shown(values)
