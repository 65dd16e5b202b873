#!/usr/bin/env python
"""The trainings of the tests again, with other draws and other numbers of threads.

    python -m tests.repeat
    python -m tests.repeat --seeds 3 --threads 2 -- -k mask_rcnn

A test that trains up to a bar (the mark ``trains``) has to reach it with any draw of weights and
data, and whatever the order in which threads sum, not just with those of one machine. Prints the
worst room to every bar, as a share of it, and what failed.
"""

import argparse
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.learning import reached

TESTS = Path(__file__).parent
_STRIDE = 1_000_003  # no two tests come to each other's seeds


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=10, metavar="N", help="draws (10)")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="number of the first (0)")
    parser.add_argument(
        "--threads", type=int, nargs="+", default=[1, 2, 4], metavar="N", help="of torch (1 2 4)"
    )
    parser.add_argument("--slow", action="store_true", help="the trainings of minutes instead")
    parser.add_argument("pytest", nargs="*", help="further arguments of pytest, after --")
    return parser.parse_args(argv)


@contextmanager
def other_draws(number: int) -> Iterator[None]:
    """Let every fixed seed stand for another one.

    Args:
        number: Which draw; 0 is that of the tests.
    """

    def shifted(seed: Any) -> Any:
        if isinstance(seed, int | np.integer):
            return (int(seed) + number * _STRIDE) % 2**32  # as much as NumPy takes
        if isinstance(seed, list | tuple):
            return [*seed, number]
        return seed  # none is asked for, or it is a generator

    def with_other_seed(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda seed=None: function(shifted(seed))

    places: list[tuple[Any, str]] = [
        *((torch, "manual_seed"), (np.random, "default_rng")),
        *((np.random, "seed"), (random, "seed")),
    ]
    with pytest.MonkeyPatch.context() as patch:
        for place, name in places if number else ():
            patch.setattr(place, name, with_other_seed(getattr(place, name)))
        yield


class _Outcomes:
    """Plugin of pytest that keeps which tests ran and which failed."""

    def __init__(self) -> None:
        self.ran: set[str] = set()
        self.failed: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call":
            self.ran.add(report.nodeid)
        if report.failed:
            self.failed.append(report.nodeid)


def main(argv: Sequence[str] | None = None) -> int:
    """Run, print; 1 if a test failed or none ran, else 0."""
    args = parse_args(argv)
    files = sorted(
        str(path) for path in TESTS.rglob("test_*.py") if "mark.trains" in path.read_text()
    )
    marks = f"trains and not gpu and {'slow' if args.slow else 'not slow'}"
    failures: list[str] = []
    names: set[str] = set()
    for threads in args.threads:
        torch.set_num_threads(threads)
        for draw in range(args.first, args.first + args.seeds):
            outcomes = _Outcomes()
            words = ["-q", "--no-header", "-p", "no:randomly", "-o", "faulthandler_timeout=0"]
            words += ["-m", marks, *args.pytest, *files]  # no limit: the machine may be busy
            with other_draws(draw):
                pytest.main(words, plugins=[outcomes])
            names |= outcomes.ran
            where = f"draw {draw}, {threads} threads"
            failures += [f"{name}: {where}" for name in outcomes.failed]
            print(f"{where}: {len(outcomes.ran)} ran, {len(outcomes.failed)} failed", flush=True)
    _print_room()
    for failure in failures:
        print(f"FAILED {failure}")
    print(f"{len(names)} tests, {len(failures)} failures.")
    return int(bool(failures) or not names)


def _print_room() -> None:
    print(f"\n{'room':>6}  {'worst':>8}  {'bar':>8}  {'runs':>4}  what")
    for what, values in sorted(reached.items(), key=lambda item: min(v.room for v in item[1])):
        worst = min(values, key=lambda value: value.room)
        bar = f"{'>' if worst.above else '<'} {worst.bar:6.4g}"
        print(f"{worst.room:6.0%}  {worst.value:8.4g}  {bar}  {len(values):4}  {what}")


if __name__ == "__main__":
    sys.exit(main())
