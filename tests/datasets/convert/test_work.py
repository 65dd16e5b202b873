import os
import signal

import pytest

from argus.datasets.convert.work import Progress, run_jobs
from argus.errors import DataError


def square(number: int) -> int:
    if number < 0:
        raise DataError(f"negative: {number}")
    return number * number


def die(number: int) -> int:
    if number == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


@pytest.mark.parametrize("num_processes", [1, 2])
def test_run_jobs__order_and_errors(num_processes: int) -> None:
    numbers = list(range(20))
    results = run_jobs(square, numbers, title="", num_processes=num_processes)
    assert list(results) == [number**2 for number in numbers]
    with pytest.raises(DataError, match="negative: -1"):
        list(run_jobs(square, [1, 2, -1, 4], title="", num_processes=num_processes))


def test_run_jobs__a_killed_worker_is_an_error() -> None:
    with pytest.raises(DataError, match="fewer --num-processes"):
        list(run_jobs(die, list(range(20)), title="toy", num_processes=2))


def test_progress__log_lines_for_tenths(capsys, monkeypatch) -> None:
    clock = iter(range(1000))
    monkeypatch.setattr("time.monotonic", lambda: float(next(clock)))
    with Progress("toy", 40) as progress:
        for _ in range(40):
            progress.step()
    lines = capsys.readouterr().err.splitlines()
    assert 9 <= len(lines) <= 12
    assert lines[-1].startswith("toy: 40/40 (100%)")
    assert "\r" not in "".join(lines)


def test_progress__terminal_shows_one_line(capsys, monkeypatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    clock = iter(range(1000))
    monkeypatch.setattr("time.monotonic", lambda: float(next(clock)))
    with Progress("toy") as progress:
        for _ in range(5):
            progress.step()
    text = capsys.readouterr().err
    assert text.count("\n") == 1
    assert text.count("\r") == 5
