"""The table of the benchmark of prediction."""

import pytest

from tools.benchmarks.predict import main


def test_predict__a_row_per_number_of_tasks(capsys: pytest.CaptureFixture) -> None:
    arguments = ["--tasks", "depth", "semantic", "--size", "64", "--repeats", "1", "--batch", "2"]
    main([*arguments, "--device", "cpu"])
    found = capsys.readouterr()
    conditions, _, head, _, *rows, _, last = found.out.splitlines()
    assert conditions.startswith("CPU, threads") and "pictures: 2" in conditions
    columns = [cell.strip() for cell in head.strip("|").split("|")]
    tables = [dict(zip(columns, _numbers(row), strict=True)) for row in rows]
    assert [table["tasks"] for table in tables] == [1, 2]
    for table in tables:
        ratio = table["apart, ms"] / table["together, ms"]
        assert table["apart / together"] == pytest.approx(ratio, rel=0.05)
        assert table["images/s"] == pytest.approx(2e3 / table["together, ms"], rel=0.05)
    # Two models have a backbone each; one model has one for both.
    weights = tables[1]["weights apart, MB"] - tables[1]["weights together, MB"]
    assert weights >= 3 and tables[0]["weights apart, MB"] == tables[0]["weights together, MB"]
    assert last.startswith("Tasks: depth, semantic. The backbone takes")
    assert "depth:" in found.err


def _numbers(row: str) -> list[float]:
    return [float(cell.replace(",", "")) for cell in row.strip("|").split("|")]
