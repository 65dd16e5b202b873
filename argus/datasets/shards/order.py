"""The order of an epoch: shards at random, and the samples of a few shards at a time mixed.

A random order of single samples would read every shard all the time. Here an epoch has windows of
some shards that are drawn at random, and the order within a window is random: what is read together
lies together on the disk, and is still no cluster of one shard. That is what the shuffle buffer of
a stream does; but it is a function of seed and epoch, so that the order is the same for any number
of processes and loader processes, every epoch has another, and any place in it is reached at once.
"""

from collections import OrderedDict

import numpy as np

from argus.errors import ConfigError

PASSES = ("exact", "resampled")
MAX_WINDOW = 64
"""A reader keeps the shards of a window open, and knows what is in each."""


class ShardOrder:
    """Numbers of samples by epoch and place.

    Args:
        starts: (S + 1,) int64, the first sample of each shard, and the number of all.
        seed: Of the order.
        window: Shards whose samples are mixed with each other.
        passes: ``exact``: an epoch has every sample once. ``resampled``: an epoch has as many, of
            shards that are drawn with replacement.

    Raises:
        ConfigError: A value is out of range.
    """

    _KEPT = 3  # windows in memory: loaders look ahead, and a step may lie in two

    def __init__(
        self, starts: np.ndarray, *, seed: int, window: int = 16, passes: str = "exact"
    ) -> None:
        if not 1 <= window <= MAX_WINDOW:
            raise ConfigError(
                f"window: expected a number of shards from 1 to {MAX_WINDOW}, found {window}."
            )
        if passes not in PASSES:
            raise ConfigError(f"passes: expected one of {', '.join(PASSES)}, found {passes!r}.")
        self.starts = np.asarray(starts, np.int64)
        self.seed, self.window, self.passes = seed, window, passes
        self._epoch: tuple[int, np.ndarray, np.ndarray] | None = None
        self._windows: OrderedDict[tuple[int, int], np.ndarray] = OrderedDict()

    def __len__(self) -> int:
        return int(self.starts[-1])

    def __call__(self, epoch: int, place: int) -> int:
        """The sample at a place, in [0, len), of an epoch."""
        assert 0 <= place < len(self), place
        shards, ends = self._shards(epoch)
        number = int(np.searchsorted(ends, place, side="right"))
        first = int(ends[number - 1]) if number else 0
        return int(self._mixed(epoch, number, shards, int(ends[number]) - first)[place - first])

    def _shards(self, epoch: int) -> tuple[np.ndarray, np.ndarray]:
        """The shards of an epoch in their order, and the place just past each window."""
        if self._epoch is None or self._epoch[0] != epoch:
            sizes = np.diff(self.starts)
            generator = np.random.default_rng([self.seed, epoch])
            shards = generator.permutation(len(sizes))
            ends = np.cumsum(sizes[shards])[self.window - 1 :: self.window]
            if not len(ends) or ends[-1] < len(self):
                ends = np.append(ends, len(self))
            if self.passes == "resampled":
                shards = generator.integers(len(sizes), size=len(sizes))
            self._epoch = epoch, shards, ends
        return self._epoch[1:]

    def _mixed(self, epoch: int, number: int, shards: np.ndarray, size: int) -> np.ndarray:
        """The samples of a window, (size,) int64."""
        key = epoch, number
        if key not in self._windows:
            generator = np.random.default_rng([self.seed, epoch, number])
            drawn = shards[number * self.window : (number + 1) * self.window]
            samples = np.concatenate(
                [np.arange(self.starts[shard], self.starts[shard + 1]) for shard in drawn]
            )
            generator.shuffle(samples)
            # Shards that were drawn may have fewer samples than those whose place they take.
            self._windows[key] = np.resize(samples, size)
            while len(self._windows) > self._KEPT:
                self._windows.popitem(last=False)
        self._windows.move_to_end(key)
        return self._windows[key]
