"""A part of the cases in every run of the tests; ``make fuzz`` tries all of them."""

import os
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from tests.fuzz.mutations import alter, damage

ROOT = Path(__file__).parents[2]
CASES = dict(
    pictures=50, annotations=50, labels=40, archives=30, models=20, checkpoints=40, configs=15
) | dict(requests=30, arguments=30)


def test_mutations__a_number_always_gives_the_same() -> None:
    value = dict(a=[1, 2.5, "x", None], b=dict(c=True))
    for number in range(50):
        first, second = (
            (damage(Random(f"0:{number}"), bytes(range(200))), alter(Random(f"0:{number}"), value))
            for _ in "ab"
        )
        assert repr(first) == repr(second)
    assert value == dict(a=[1, 2.5, "x", None], b=dict(c=True))


@pytest.mark.skipif(sys.platform != "linux", reason="limits of a process are read from /proc")
def test_fuzz__right_results_and_sentences_only() -> None:
    only = [f"--only={name}:0-{count}" for name, count in CASES.items()]
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", *only],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-4000:]
    assert f"| all | {sum(CASES.values())} |" in done.stdout
