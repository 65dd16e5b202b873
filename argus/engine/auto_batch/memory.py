"""Whether a step fits: tried on a GPU under a limit; on a CPU foreseen from the steps before.

A process that takes more of the main memory than there is gets no error, but is ended, or makes the
machine swap: so its growth with the number of pictures is measured, and followed up to the limit.
"""

import gc
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

GPU_SHARE = 0.9
CPU_SHARE = 0.5
_CGROUP = Path("/sys/fs/cgroup")
# What PyTorch's libraries say, where it is not PyTorch itself that has no memory.
_WORDS = ("alloc_failed", "out of memory")


def runs_out(step: Callable[[], None]) -> bool:
    """Take a step; whether it runs out of memory, all of which is free again then."""
    try:
        step()
    except torch.OutOfMemoryError:
        is_out = True
    except RuntimeError as error:
        if not any(word in str(error).lower() for word in _WORDS):
            raise
        is_out = True
    else:
        is_out = False
    # After the handler, since the error holds on to the tensors of the step.
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return is_out


class Foresight:
    """Follows the peak of the main memory as batches grow.

    Args:
        limit: Bytes that the process may take.
        peak: Says how many it has taken at most so far.
    """

    def __init__(self, limit: int, peak: Callable[[], int]) -> None:
        self.limit = limit
        self.peak = peak
        self.seen: list[tuple[int, int]] = []

    def note(self, number: int) -> bool:
        """After a step with so many pictures; whether it was below the limit after all."""
        self.seen.append((number, self.peak()))
        return self.seen[-1][1] <= self.limit

    def expected(self, number: int) -> float:
        """Bytes at the peak of a step with so many; those of now if nothing has grown yet."""
        (last, peak) = self.seen[-1]
        rates = [
            (peak - before) / (last - fewer) for fewer, before in self.seen[:-1] if fewer < last
        ]
        # Of several, the steepest: what grew later grows on.
        return peak + max(rates, default=0.0) * (number - last)

    def fits(self, number: int) -> bool:
        """Whether a step with so many is expected to stay below the limit."""
        return not self.seen or self.expected(number) <= self.limit


@contextmanager
def gpu_limit(share: float = GPU_SHARE) -> Iterator[int]:
    """Bound what this process takes of its GPU to a share of what is free; yields the bytes."""
    device = torch.cuda.current_device()
    free, total = torch.cuda.mem_get_info(device)
    own = torch.cuda.memory_reserved(device)
    limit = int(share * (free + own))
    torch.cuda.set_per_process_memory_fraction(limit / total, device)
    try:
        yield limit
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0, device)


def main_memory(share: float = CPU_SHARE) -> int:
    """A share of the main memory that this machine, and its container, have free, in bytes."""
    free = [value for value in (_free_of_machine(), _free_of_container()) if value is not None]
    return int(share * min(free)) if free else sys.maxsize


def peak_of_process() -> int:
    """The most main memory that this process has had, in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _free_of_machine() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    found = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return int(found[0]) * 1024 if found else None


def _free_of_container() -> int | None:
    try:
        most = (_CGROUP / "memory.max").read_text().strip()
        used = (_CGROUP / "memory.current").read_text().strip()
    except OSError:
        return None
    return int(most) - int(used) if most.isdecimal() and used.isdecimal() else None
