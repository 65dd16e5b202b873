"""The benchmark of growth at toy size, and the exponents that it fits."""

import json
from pathlib import Path

import pytest
import torch

from tools.benchmarks import growth
from tools.benchmarks.growing_work import growths

COUNTS = [1, 3, 10, 30, 100, 300]


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_exponent__is_that_of_the_power_law(power: float) -> None:
    assert growth.exponent(COUNTS, [7 * n**power for n in COUNTS]) == pytest.approx(power)


def test_exponent__shows_a_quadratic_behind_what_is_constant() -> None:
    found = growth.exponent(COUNTS, [1000 + 10 * n + n**2 for n in COUNTS])
    assert found is not None and found > 1.6
    linear = growth.exponent(COUNTS, [1000 + 10 * n for n in COUNTS])
    assert linear is not None and linear < 1


def test_exponent__of_nothing_is_none() -> None:
    assert growth.exponent([1, 2], [0.0, 0.0]) is None
    assert growth.exponent([1], [3.0]) is None
    assert growth.exponent([1, 2, 4], [1.0, 2.0, 0.0]) is None  # the largest was not seen


def test_growth__measures_every_row_but_that_of_processes(tmp_path: Path) -> None:
    # That of processes forks, which one with threads must not.
    expected = [one for one in growths(torch.device("cpu"), tiny=True) if one.name != "processes"]
    names = [one.name for one in expected]
    arguments = ["--quick", "--repeats", "1", "--device", "cpu", "--out", str(tmp_path)]
    growth.main([*arguments, "--only", *names])
    rows = json.loads((tmp_path / "growth.json").read_text())
    assert list(rows) == names
    for one in expected:
        row = rows[one.name]
        assert row["amounts"] == list(one.quick) and min(row["ms"]) > 0
        assert row["exponent"] is not None
    table = (tmp_path / "growth.md").read_text().splitlines()
    assert sum(line.startswith("| ") for line in table) == 2 + sum(len(o.quick) for o in expected)
    assert (tmp_path / "growth.png").read_bytes().startswith(b"\x89PNG")


def test_growth__an_unknown_row_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="there are .*image size"):
        growth.main(["--quick", "--device", "cpu", "--only", "objets", "--out", str(tmp_path)])
