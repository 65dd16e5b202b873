"""Time and memory of a piece of work: warm-up, then the median of several runs."""

import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

_MISSES = 0.05  # share of the intervals that do not hold the median
MEGABYTE = 1e6
GIGABYTE = 1e9


@dataclass(frozen=True)
class Timing:
    """What :func:`measure` found.

    Args:
        milliseconds: Median of the runs.
        peak_bytes: Most memory allocated on the GPU at any time during the runs; None on a CPU.
        held_bytes: Memory allocated before them (weights, inputs); None on a CPU.
    """

    milliseconds: float
    peak_bytes: int | None = None
    held_bytes: int | None = None

    @property
    def peak_gb(self) -> dict[str, float]:
        """``peak_gb``, everything included, as a column; nothing on a CPU."""
        return {} if self.peak_bytes is None else {"peak_gb": self.peak_bytes / GIGABYTE}

    @property
    def added_mb(self) -> dict[str, float]:
        """``added_mb``, what the work took on top of what was held; nothing on a CPU."""
        if self.peak_bytes is None or self.held_bytes is None:
            return {}
        return {"added_mb": (self.peak_bytes - self.held_bytes) / MEGABYTE}


def measure(
    function: Callable[[], Any],
    device: torch.device,
    *,
    repeats: int,
    warmup: int,
    clock: Callable[[], float] = time.perf_counter,
) -> Timing:
    """Run ``function`` ``warmup + repeats`` times and time the last ``repeats``.

    On a GPU each run lies between two CUDA events, and the host waits once, at the end: the time
    is what the device took, or the host where it could not keep the device busy.

    Args:
        function: The work; its result is dropped.
        device: Where it runs; a GPU has to be the current one.
        repeats: Runs that count, at least 1.
        warmup: Runs before them (compilation, allocator, choice of convolution algorithms).
        clock: Seconds, on a CPU; ``time.process_time`` where others have more of the processor
            than we do.
    """
    assert repeats >= 1, f"repeats: expected at least 1, found {repeats}"
    for _ in range(warmup):
        function()
    if device.type != "cuda":
        times = [_host_milliseconds(function, clock) for _ in range(repeats)]
        return Timing(statistics.median(times))
    torch.cuda.synchronize(device)
    held = torch.cuda.memory_allocated(device)
    torch.cuda.reset_peak_memory_stats(device)
    events = [
        (torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True))
        for _ in range(repeats)
    ]
    for start, end in events:
        start.record()
        function()
        end.record()
    torch.cuda.synchronize(device)
    return Timing(
        statistics.median(start.elapsed_time(end) for start, end in events),
        peak_bytes=torch.cuda.max_memory_allocated(device),
        held_bytes=held,
    )


@dataclass(frozen=True)
class Comparison:
    """What :func:`compare` found.

    Args:
        first_ms: Median time of the first function.
        second_ms: That of the second.
        ratio: Median over the pairs of the first's time over the second's.
        low: Where that median lies, at the least, with a confidence of 95 %.
        high: At the most. Where the two enclose 1, no difference was measured.
    """

    first_ms: float
    second_ms: float
    ratio: float
    low: float
    high: float


def compare(
    first: Callable[[], Any],
    second: Callable[[], Any],
    device: torch.device,
    *,
    pairs: int,
    runs: int,
    clock: Callable[[], float] = time.perf_counter,
) -> Comparison:
    """Time two functions in turns, so that what the machine does meanwhile meets both.

    Args:
        first: A function; its result is dropped.
        second: Another one.
        device: Where they run; the host waits for it before and after each turn.
        pairs: Turns of each; every other pair begins with the second. Below 6, ``low`` and
            ``high`` say nothing.
        runs: Calls in a turn.
        clock: Seconds; ``time.process_time`` where others have more of the processor than we do.
    """
    assert pairs >= 1, f"pairs: expected at least 1, found {pairs}"

    def turn(function: Callable[[], Any]) -> float:
        def work() -> None:
            for _ in range(runs):
                function()
            if device.type == "cuda":
                torch.cuda.synchronize(device)

        return _host_milliseconds(work, clock) / runs

    turn(first), turn(second)  # warm-up
    times = [
        (turn(first), turn(second)) if pair % 2 == 0 else (turn(second), turn(first))[::-1]
        for pair in range(pairs)
    ]
    ratios = sorted(a / b for a, b in times)
    outside = max(0, _num_outside(pairs))
    return Comparison(
        *(statistics.median(column) for column in zip(*times, strict=True)),
        ratio=statistics.median(ratios),
        low=ratios[outside],
        high=ratios[-1 - outside],
    )


def _num_outside(number: int) -> int:
    """How many of a sample may be left out on either side of an interval for its median.

    Half of all values lie below the median, so that those of the sample that do are as many as
    heads of coins: that the interval misses it has a chance of at most 5 %, whatever the noise is.
    """
    chance, outside = 0.0, 0
    while True:
        chance += 2 * math.comb(number, outside) / 2**number
        if chance > _MISSES:
            return outside - 1
        outside += 1


def _host_milliseconds(
    function: Callable[[], Any], clock: Callable[[], float] = time.perf_counter
) -> float:
    start = clock()
    function()
    return 1e3 * (clock() - start)
