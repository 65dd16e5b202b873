"""Waiting for batches is counted by stream; one that is waited for too long is told once."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from argus.engine.loading.stalls import StallWatch


def slow(seconds: float) -> Iterator[dict[str, Any]]:
    while True:
        time.sleep(seconds)
        yield {}


def test_seconds__are_those_of_each_stream_without_its_first_batch() -> None:
    watch = StallWatch({"a": 2, "b": 2})
    streams = dict(a=slow(0.03), b=iter([{}] * 9))
    for _ in range(4):
        for name, batches in streams.items():
            watch.next_of(name, batches)
    waited = watch.take()
    assert 0.09 <= waited["a"] and waited["b"] < waited["a"] / 3
    assert watch.take() == dict(a=0.0, b=0.0)


def test_a_stream__is_told_once_after_the_steps() -> None:
    watch = StallWatch({"a": 4, "b": 2}, share=0.2, num_steps=100)
    assert watch.judge(dict(a=9.0, b=0.0), elapsed=10.0, steps=50) == []
    (text,) = watch.judge(dict(a=1.0, b=3.9), elapsed=10.0, steps=50)
    assert text.startswith(
        "stream 'a': the training waited for its batches for 50% of the last 100 steps "
        "(0.10 s a step): raise num_workers of its train data (now 4)"
    )
    (text,) = watch.judge(dict(a=9.0, b=4.1), elapsed=20.0, steps=100)
    assert "stream 'b'" in text and "20%" in text
    assert watch.judge(dict(a=9.0, b=9.0), elapsed=20.0, steps=100) == []


@pytest.mark.parametrize(("seconds", "steps"), [(2.0, 100), (9.0, 99)])
def test_nothing__is_told_of_short_waits_and_few_steps(seconds: float, steps: int) -> None:
    watch = StallWatch({"a": 1}, share=0.2, num_steps=100)
    assert watch.judge(dict(a=seconds), elapsed=10.0, steps=steps) == []
