"""How long a training waits for the batches of each stream, and whether that is too long.

The device stands still while a batch does not come. The loader processes of a stream work side by
side with the step, so that it waits for none as long as they keep up; one that does not is named,
with the remedy, once.
"""

import time
from collections.abc import Iterator, Mapping
from typing import Any

SHARE = 0.2
"""Of the time of the steps: what may be waited for one stream before it is told."""
NUM_STEPS = 200
"""Steps over which that share is taken."""


class StallWatch:
    """Seconds waited by stream.

    Args:
        num_workers: Loader processes of each stream.
        share: As :data:`SHARE`.
        num_steps: As :data:`NUM_STEPS`.
    """

    def __init__(
        self, num_workers: Mapping[str, int], *, share: float = SHARE, num_steps: int = NUM_STEPS
    ) -> None:
        self.num_workers = dict(num_workers)
        self.share = share
        self.num_steps = num_steps
        self._waited = dict.fromkeys(num_workers, 0.0)
        self._begun: set[str] = set()
        self._told: set[str] = set()
        self._long = dict.fromkeys(num_workers, 0.0)
        self._elapsed, self._steps = 0.0, 0

    def next_of(self, stream: str, batches: Iterator[dict[str, Any]]) -> dict[str, Any]:
        """The next batch of a stream; the first one is not waited for, its processes begin."""
        start = time.perf_counter()
        batch = next(batches)
        if stream in self._begun:
            self._waited[stream] += time.perf_counter() - start
        self._begun.add(stream)
        return batch

    def take(self) -> dict[str, float]:
        """Seconds waited for each stream since the last call."""
        waited, self._waited = self._waited, dict.fromkeys(self._waited, 0.0)
        return waited

    def judge(self, waited: Mapping[str, float], elapsed: float, steps: int) -> list[str]:
        """What to tell of some steps: a sentence for each stream that was waited for too long.

        Args:
            waited: Seconds by stream.
            elapsed: Seconds that the steps took, waiting included.
            steps: Their number; those of several calls are joined up to :data:`NUM_STEPS`.
        """
        for stream, seconds in waited.items():
            self._long[stream] += seconds
        self._elapsed += elapsed
        self._steps += steps
        if self._steps < self.num_steps:
            return []
        found = [
            f"stream {stream!r}: the training waited for its batches for "
            f"{seconds / self._elapsed:.0%} of the last {self._steps} steps "
            f"({seconds / self._steps:.2f} s a step): raise num_workers of its train data (now "
            f"{self.num_workers[stream]}), or give the processes more cores or a faster disk"
            for stream, seconds in self._long.items()
            if seconds > self.share * self._elapsed and stream not in self._told
        ]
        self._told.update(s for s, t in self._long.items() if t > self.share * self._elapsed)
        self._long = dict.fromkeys(self._long, 0.0)
        self._elapsed, self._steps = 0.0, 0
        return found
