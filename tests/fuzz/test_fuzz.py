"""A part of the cases in every run of the tests; ``make fuzz`` tries all of them."""

import contextlib
import io
import sys
from random import Random

import pytest

from tests.forked import call_forked
from tests.fuzz.__main__ import main
from tests.fuzz.mutations import alter, damage

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


def fuzz(arguments: list[str]) -> tuple[int, str]:
    """Exit status, and what is printed: the table and the defects."""
    with io.StringIO() as text, contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
        return main(arguments), text.getvalue()


@pytest.mark.skipif(sys.platform != "linux", reason="limits of a process are read from /proc")
def test_fuzz__right_results_and_sentences_only() -> None:
    only = [f"--only={name}:0-{count}" for name, count in CASES.items()]
    status, table = call_forked(fuzz, only, timeout_s=500)
    assert status == 0, table
    assert f"| all | {sum(CASES.values())} |" in table
