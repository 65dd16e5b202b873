"""Steps of one data stream each, in place of every stream in every step: whose turn it is.

The order is a function of the seed and the step, so every process takes the same stream, and any
step can be reached without walking there. Tasks that share a stream are drawn together.
"""

import functools
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np

from argus.building import build_one_of
from argus.datasets.seeding import stable_seed
from argus.errors import ConfigError
from argus.registry import TASK_SAMPLERS

_BLOCK = 4096


class TaskSampling(ABC):
    """Says which stream a step takes its batches from.

    Attributes:
        streams: Names, in the order of all that is per stream.
    """

    streams: tuple[str, ...] = ()

    def start(self, sizes: Mapping[str, int], *, seed: int) -> None:
        """Take the streams.

        Args:
            sizes: Samples of each stream's data set.
            seed: The same in all processes.

        Raises:
            ConfigError: The options do not fit these streams.
        """
        self.streams = tuple(sizes)
        self.seed = seed

    @abstractmethod
    def shares(self) -> dict[str, float]:
        """Share of the steps that each stream has; they add up to 1."""

    @abstractmethod
    def stream_of(self, step: int) -> str:
        """The stream of a step (0-based)."""

    @abstractmethod
    def counts(self, num_steps: int) -> dict[str, int]:
        """How many of the first ``num_steps`` steps are of each stream."""


@TASK_SAMPLERS.register_module()
class RoundRobin(TaskSampling):
    """One stream after the other."""

    def shares(self) -> dict[str, float]:
        """Equal ones."""
        return dict.fromkeys(self.streams, 1 / len(self.streams))

    def stream_of(self, step: int) -> str:
        """The next in turn."""
        return self.streams[step % len(self.streams)]

    def counts(self, num_steps: int) -> dict[str, int]:
        """Equal ones, but for a last round that is not full."""
        rounds, rest = divmod(num_steps, len(self.streams))
        return {name: rounds + (place < rest) for place, name in enumerate(self.streams)}


class _Drawn(TaskSampling):
    """Each step's stream is drawn by itself, with fixed probabilities."""

    def start(self, sizes: Mapping[str, int], *, seed: int) -> None:
        """Compute the probabilities."""
        super().start(sizes, seed=seed)
        weights = np.array([self._weight(name, size) for name, size in sizes.items()])
        self._shares = weights / weights.sum()
        self._block = functools.lru_cache(maxsize=2)(self._make_block)

    @abstractmethod
    def _weight(self, name: str, size: int) -> float:
        """Weight of a stream, above 0."""

    def shares(self) -> dict[str, float]:
        """The probabilities."""
        return dict(zip(self.streams, self._shares.tolist(), strict=True))

    def stream_of(self, step: int) -> str:
        """As drawn."""
        block, place = divmod(step, _BLOCK)
        return self.streams[self._block(block)[place]]

    def counts(self, num_steps: int) -> dict[str, int]:
        """As drawn."""
        blocks, rest = divmod(num_steps, _BLOCK)
        totals = np.zeros(len(self.streams), np.int64)
        for block in range(blocks + 1):
            drawn = self._make_block(block)[: None if block < blocks else rest]
            totals += np.bincount(drawn, minlength=len(totals))
        return dict(zip(self.streams, totals.tolist(), strict=True))

    def _make_block(self, block: int) -> np.ndarray:
        rng = np.random.default_rng(stable_seed("task", self.seed, block))
        # Rounding must not leave a point above the last share.
        return np.searchsorted(np.cumsum(self._shares)[:-1], rng.random(_BLOCK), side="right")


@TASK_SAMPLERS.register_module()
class WeightedSampling(_Drawn):
    """Streams drawn by weights.

    Args:
        weights: Number above 0 of every stream; only their ratios count.
    """

    def __init__(self, weights: Mapping[str, float]) -> None:
        self.weights = dict(weights)

    def start(self, sizes: Mapping[str, int], *, seed: int) -> None:
        """Compare the names."""
        wrong = [n for n, w in self.weights.items() if not (math.isfinite(w) and w > 0)]
        if set(self.weights) != set(sizes) or wrong:
            raise ConfigError(
                f"task_sampling.weights: expected a number above 0 for each of the streams "
                f"{', '.join(sizes)}, found {self.weights}."
            )
        super().start(sizes, seed=seed)

    def _weight(self, name: str, size: int) -> float:
        return self.weights[name]


@TASK_SAMPLERS.register_module()
class TemperatureSampling(_Drawn):
    """Streams drawn by the sizes of their data sets: ``size ** (1 / temperature)``.

    Args:
        temperature: 1 draws every sample of all sets equally often; a large one all streams.
    """

    def __init__(self, temperature: float) -> None:
        if not (math.isfinite(temperature) and temperature > 0):
            raise ConfigError(
                f"task_sampling.temperature: expected a number above 0, found {temperature!r}."
            )
        self.temperature = temperature

    def _weight(self, name: str, size: int) -> float:
        return float(size ** (1 / self.temperature))


def build_task_sampling(config: Any) -> TaskSampling | None:
    """What ``task_sampling`` of a config says; ``None`` for every stream in every step.

    Raises:
        ConfigError: It is no task sampling.
    """
    if config is None:
        return None
    example = "dict(type=TemperatureSampling, temperature=...)"
    base: Any = TaskSampling  # mypy wants a class that can be built
    sampling: TaskSampling = build_one_of(
        TASK_SAMPLERS, base, config, where="task_sampling", example=example
    )
    return sampling
