"""The fastest of several ways to compute the same, found by measuring once per class of inputs.

The ways give the same numbers to rounding, so the processes of a training need not agree: each may
take another one. Who wants a training to repeat its bits names a way instead of letting one be
measured.
"""

import logging
import statistics
from collections.abc import Callable, Hashable, Mapping
from typing import Any

import torch

Trial = Callable[[], object]

logger = logging.getLogger(__name__)


def cuda_milliseconds(trial: Trial, *, warmup: int = 3, repeats: int = 7) -> float:
    """Median time of ``trial`` on the current CUDA device; waits for the device."""
    for _ in range(warmup):
        trial()
    times: list[float] = []
    for _ in range(repeats):
        start, end = _event(), _event()
        start.record()
        trial()
        end.record()
        end.synchronize()
        times.append(start.elapsed_time(end))
    return statistics.median(times)


def _event() -> Any:
    make: Any = torch.cuda.Event
    return make(enable_timing=True)


class Fastest:
    """Remembers for each class of inputs which way was the fastest.

    Args:
        what: What is computed, for the log.
        timer: Milliseconds of a trial.
    """

    def __init__(self, what: str, timer: Callable[[Trial], float] = cuda_milliseconds) -> None:
        self.what = what
        self.timer = timer
        self.taken: dict[Hashable, str] = {}

    def measure(self, inputs: Hashable, trials: Mapping[str, Trial]) -> str:
        """Time each way on the first inputs of a class, and remember the fastest.

        Args:
            inputs: The class; its text goes into the log.
            trials: By name of the way. One that raises, also for want of memory, is out; where all
                do, the first is taken, and raises for whoever uses it.

        Returns:
            Its name.
        """
        times: dict[str, float] = {}
        found = []
        for name, trial in trials.items():
            try:
                times[name] = self.timer(trial)
                found.append(f"{name} {times[name]:.3g} ms")
            except Exception as error:  # noqa: BLE001 - kernels raise many kinds
                found.append(f"{name} fails ({type(error).__name__}: {str(error)[:200]})")
        taken = min(times, key=times.__getitem__) if times else next(iter(trials))
        self.taken[inputs] = taken
        logger.info("%s of %s: %s (%s)", self.what, inputs, taken, ", ".join(found))
        return taken
