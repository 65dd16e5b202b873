"""The order in which a task's samples are drawn.

One task has one endless global stream of draws ``p = 0, 1, 2, ...``. Step k of a run takes the
next global batch of ``batch_size * world_size`` draws and rank r the r-th slice of it. The stream
depends on the seed alone, so two processes with half the batch see, in every step, exactly the
samples of one process with the whole batch; and any position can be reached without loading what
lies before.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch.utils.data import Sampler

from argus.datasets.seeding import stable_seed
from argus.errors import ConfigError
from argus.names.wording import counted

SAMPLINGS = ("shuffle", "sequential", "balanced")


class TaskSampler(Sampler[tuple[int, int]]):
    """Endless iterator over ``(draw, index)``: the number of the draw and the sample to load.

    - ``shuffle``: every epoch is a fresh permutation of the data set, or what its own order says.
    - ``sequential``: the data set in its own order, again and again.
    - ``balanced``: an epoch has as many draws as the data set has samples; sample i is drawn
      ``len * weights[i] / sum(weights)`` times, rounded up or down at random (systematic
      resampling), in random order. See ``class_balanced_weights``.

    Args:
        num_samples: Length of the data set.
        batch_size: Samples of one step on one rank.
        seed: Seed of the order; one per task, the same on all ranks.
        rank: Rank of this process, in [0, world_size).
        world_size: Number of processes.
        sampling: One of ``shuffle``, ``sequential``, ``balanced``.
        weights: Positive weight of every sample; needed by ``balanced`` alone.
        order: For ``shuffle``: gives the sample of an epoch and a place in it, where the data set
            has an order of its own.

    Raises:
        ConfigError: An empty data set, an unknown sampling, weights missing or of wrong length.
    """

    def __init__(
        self,
        num_samples: int,
        batch_size: int,
        *,
        seed: int,
        rank: int = 0,
        world_size: int = 1,
        sampling: str = "shuffle",
        weights: Sequence[float] | np.ndarray | None = None,
        order: Callable[[int, int], int] | None = None,
    ) -> None:
        if num_samples < 1:
            raise ConfigError(
                "The data set has no samples, so no batch can be drawn from it. Check its "
                "annotation file and filters with argus check."
            )
        if batch_size < 1:
            raise ConfigError(f"batch_size must be at least 1, got {batch_size}.")
        if sampling not in SAMPLINGS:
            raise ConfigError(f"sampling must be one of {SAMPLINGS}, got {sampling!r}.")
        if (weights is not None) != (sampling == "balanced"):
            raise ConfigError(
                f"weights go with sampling='balanced' alone, got sampling={sampling!r} and "
                f"weights {'given' if weights is not None else 'missing'}."
            )
        assert 0 <= rank < world_size, (rank, world_size)
        self.num_samples = num_samples
        self.batch_size = batch_size
        self.seed = seed
        self.rank = rank
        self.world_size = world_size
        self.sampling = sampling
        self.start_step = 0
        self._cumulative = None if weights is None else _cumulative_share(weights, num_samples)
        self._order_of = order
        self._epoch = -1
        self._order: np.ndarray | None = None

    @property
    def global_batch_size(self) -> int:
        """Samples of one step on all ranks together."""
        return self.batch_size * self.world_size

    def set_start(self, step: int) -> None:
        """Make the next iteration begin with the batch of this step (0-based)."""
        assert step >= 0, step
        self.start_step = step

    def epochs(self, num_steps: int) -> float:
        """How often ``num_steps`` steps pass over the whole data set."""
        return num_steps * self.global_batch_size / self.num_samples

    def __iter__(self) -> Iterator[tuple[int, int]]:
        step = self.start_step
        while True:
            yield from self.keys(step)
            step += 1

    def keys(self, step: int) -> list[tuple[int, int]]:
        """``(draw, index)`` of the samples of a step on this rank."""
        first = step * self.global_batch_size + self.rank * self.batch_size
        return [(draw, self.index_of(draw)) for draw in range(first, first + self.batch_size)]

    def index_of(self, draw: int) -> int:
        """The sample of a draw of the global stream, in [0, num_samples)."""
        epoch, offset = divmod(draw, self.num_samples)
        if self.sampling == "sequential":
            return offset
        if self.sampling == "shuffle" and self._order_of is not None:
            return self._order_of(epoch, offset)
        if epoch != self._epoch or self._order is None:
            self._order = self._make_order(epoch)
            self._epoch = epoch
        return int(self._order[offset])

    def _make_order(self, epoch: int) -> np.ndarray:
        """Sample numbers of one epoch, (num_samples,) int64."""
        generator = torch.Generator().manual_seed(stable_seed("order", self.seed, epoch))
        order = torch.randperm(self.num_samples, generator=generator).numpy()
        if self._cumulative is None:
            return order
        offset = torch.rand((), generator=generator, dtype=torch.float64).item()
        points = (np.arange(self.num_samples) + offset) / self.num_samples
        drawn = np.searchsorted(self._cumulative, points, side="right")
        return drawn[order]


def _cumulative_share(weights: Sequence[float] | np.ndarray, num_samples: int) -> np.ndarray:
    """Cumulative share of the weights, (num_samples,) float64, the last one above every point."""
    values = np.asarray(weights, dtype=np.float64)
    if values.shape != (num_samples,):
        raise ConfigError(
            f"Expected {counted(num_samples, 'weight')}, one per sample, got {values.shape}."
        )
    if not np.isfinite(values).all() or (values <= 0).any():
        raise ConfigError("Sampling weights must be positive and finite.")
    cumulative = np.cumsum(values) / values.sum()
    cumulative[-1] = np.inf  # rounding must not leave a point above the last share
    return cumulative


def class_balanced_weights(
    category_ids: Sequence[Sequence[int]], *, power: float = 0.5
) -> np.ndarray:
    """Sampling weight of every image, larger for images that hold a rare class.

    With f(c) the share of images that hold class c, the weight of an image is the largest
    ``f(c) ** -power`` among its classes; an image of no class gets the smallest weight of all.
    ``power=0.5`` is the square root of LVIS's repeat factor (Gupta et al., 2019); ``power=1`` draws
    every class equally often when each image has one class.

    Args:
        category_ids: The classes of each image, repeated or not.
        power: 0 (no balancing) to 1 (full).

    Returns:
        (num_images,) float64, positive.
    """
    if not 0 <= power <= 1:
        raise ConfigError(f"power must be in [0, 1], got {power}.")
    present = [sorted(set(ids)) for ids in category_ids]
    counts: dict[int, int] = {}
    for ids in present:
        for category in ids:
            counts[category] = counts.get(category, 0) + 1
    factor = {c: (count / len(present)) ** -power for c, count in counts.items()}
    smallest = min(factor.values(), default=1.0)
    return np.array([max((factor[c] for c in ids), default=smallest) for ids in present])
