"""Doubling and bisecting, and the memory that is foreseen."""

from pathlib import Path

import pytest
import torch

from argus.engine.auto_batch.memory import Foresight, main_memory, peak_of_process, runs_out
from argus.engine.auto_batch.search import largest


@pytest.mark.parametrize("start", [1, 3, 8])
def test_largest__is_exact_with_few_trials(start: int) -> None:
    for most in (8, 50, 64):
        for limit in range(70):
            tried: list[int] = []

            def fits(number: int, limit: int = limit, tried: list[int] = tried) -> bool:
                tried.append(number)
                return number <= limit

            good, bad = largest(fits, start=start, most=most)
            assert good == min(limit, most)
            assert bad == (None if limit >= most else limit + 1)
            assert len(tried) == len(set(tried)) <= 14 and max(tried) <= max(2 * limit, start)


def test_foresight__follows_the_growth() -> None:
    peaks = iter([100, 100, 140, 300])
    foresight = Foresight(1000, lambda: next(peaks))
    assert foresight.fits(10**6), "nothing is known before the first step"
    foresight.note(1)
    foresight.note(2)
    assert foresight.fits(10**6), "the peak is still that of the start"
    foresight.note(4)
    assert foresight.expected(8) == 140 + 20 * 4
    foresight.note(8)  # steeper: 40 a picture
    assert foresight.expected(16) == 300 + 40 * 8
    assert foresight.fits(25) and not foresight.fits(26)


def test_out_of_memory__is_no_other_error() -> None:
    def of_torch() -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    def of_cublas() -> None:
        raise RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate")

    def other() -> None:
        raise RuntimeError("shapes do not fit")

    assert runs_out(of_torch) and runs_out(of_cublas) and not runs_out(lambda: None)
    with pytest.raises(RuntimeError, match="shapes do not fit"):
        runs_out(other)


def test_memory__is_what_the_machine_says() -> None:
    assert 10**7 < main_memory(0.25) < main_memory(0.5) or main_memory() == 2**63 - 1
    lines = Path("/proc/self/status").read_text().splitlines()
    stated = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    assert peak_of_process() == pytest.approx(stated, rel=0.02)
