"""tools/benchmarks/balancing.py at toy size."""

import sys

from tools.benchmarks import balancing


def test_balancing__compares_a_method_with_fixed_weights(capsys, monkeypatch) -> None:
    command = "balancing.py --methods FAMO --schedules sequential --pairs 6"
    monkeypatch.setattr(sys, "argv", command.split())
    balancing.main()
    (row,) = capsys.readouterr().out.splitlines()[2:]
    name, schedule, fixed_ms, ratio, _ = map(str.strip, row.split("|")[1:-1])
    assert (name, schedule) == ("FAMO", "sequential") and float(fixed_ms) > 0
    assert 1.1 < float(ratio) < 5.0  # it looks at the losses once more after the step
