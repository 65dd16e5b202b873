"""Which streams a step takes batches from, and which of their batches come next."""

from collections.abc import Iterator, Mapping
from typing import Any

from argus.engine.loading.loaders import MultitaskLoader
from argus.engine.loading.stalls import StallWatch
from argus.engine.task_sampling import TaskSampling


class StreamTurns:
    """The course of a training through the batches of its streams.

    Args:
        loader: Of all streams.
        sampling: Whose turn it is; ``None`` for all streams in every step. It is started here.
        accumulate: Batches that a step takes of each of its streams.
        seed: Of the sampling.

    Attributes:
        drawn: Batches of each stream that have been taken.
        stalls: How long each of them was waited for.
    """

    def __init__(
        self,
        loader: MultitaskLoader,
        sampling: TaskSampling | None,
        *,
        accumulate: int,
        seed: int,
    ) -> None:
        self.loader = loader
        self.sampling = sampling
        self.accumulate = accumulate
        self.drawn = dict.fromkeys(loader.sources, 0)
        self._first: dict[str, int] = {}
        workers = {name: one.num_workers for name, one in loader.loaders.items()}
        self.stalls = StallWatch(workers)
        if sampling is not None:
            sizes = {name: sampler.num_samples for name, sampler in loader.samplers.items()}
            sampling.start(sizes, seed=seed)

    def streams_of(self, step: int) -> list[str]:
        """The streams of a step (0-based)."""
        return list(self.drawn) if self.sampling is None else [self.sampling.stream_of(step)]

    def fetch(
        self, iterators: Mapping[str, Iterator[dict[str, Any]]], step: int
    ) -> list[dict[str, Any]]:
        """The batches of a step, by stream, as often as is accumulated."""
        streams = self.streams_of(step)
        take = self.stalls.next_of
        found = [
            {name: take(name, iterators[name]) for name in streams} for _ in range(self.accumulate)
        ]
        self._first = {name: self.drawn[name] for name in streams}
        for name in streams:  # after all have come: waiting for one, a training may save and stop
            self.drawn[name] += self.accumulate
        return found

    def numbers(self) -> list[dict[str, int]]:
        """Number of each batch that was fetched last, by stream, as often as is accumulated."""
        return [
            {name: first + micro for name, first in self._first.items()}
            for micro in range(self.accumulate)
        ]

    def in_all(self, num_steps: int) -> dict[str, int]:
        """Batches of each stream that a training takes from its start."""
        steps = dict.fromkeys(self.drawn, num_steps)
        if self.sampling is not None:
            steps = self.sampling.counts(num_steps)
        return {name: number * self.accumulate for name, number in steps.items()}

    @property
    def images_per_step(self) -> float:
        """Images of all streams and processes in one step; the mean, if its stream is sampled."""
        if self.sampling is None:
            return self.loader.images_per_step * self.accumulate
        shares, sizes = self.sampling.shares(), self.loader.batch_sizes
        return sum(shares[name] * size for name, size in sizes.items()) * self.accumulate

    def epochs(self) -> dict[str, float]:
        """How often each stream has passed over its data set."""
        return {name: self.loader.samplers[name].epochs(n) for name, n in self.drawn.items()}

    def resume(self, step: int, drawn: Mapping[str, int]) -> None:
        """Go on after a step; a stream that ``drawn`` lacks is taken to have been in all steps."""
        self.drawn = {name: drawn.get(name, step * self.accumulate) for name in self.drawn}

    def state_dict(self, step: int) -> dict[str, int]:
        """What was drawn, but for the streams that were in all steps."""
        every = step * self.accumulate
        return {name: number for name, number in self.drawn.items() if number != every}
