"""Metrics that keep sums instead of samples: memory does not grow with what was seen."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from mmengine.dist import all_gather_object
from mmengine.evaluator import BaseMetric

State = dict[str, np.ndarray]


class StreamingMetric(BaseMetric):
    """A metric whose state is arrays that add up over samples and processes.

    Counts are kept as integers, so that the result does not depend on how samples were divided
    among processes; float64 sums agree to rounding.

    Attributes:
        state: The sums so far, by name.
    """

    default_prefix = ""  # the evaluator puts the task's name before it

    def __init__(self) -> None:
        super().__init__()
        self.state = self.empty()

    @abstractmethod
    def empty(self) -> State:
        """The state before the first sample: zeros, by name."""

    @abstractmethod
    def update(self, sample: Mapping[str, Any]) -> None:
        """Add one sample to ``state``.

        Args:
            sample: A data sample as a dict, e.g. ``sample["pred_depth"]["data"]``.
        """

    @abstractmethod
    def compute(self, state: State) -> dict[str, float]:
        """Metrics by name from the sums over all processes."""

    def process(self, data_batch: Any, data_samples: Sequence[Mapping[str, Any]]) -> None:
        """Add the samples of one batch."""
        for sample in data_samples:
            self.update(sample)

    def compute_metrics(self, results: list[State]) -> dict[str, float]:
        """Metrics from the states of all processes."""
        total = {name: np.sum([state[name] for state in results], axis=0) for name in self.state}
        return self.compute(total)

    def evaluate(self, size: int) -> dict[str, float]:
        """Metrics over the samples of all processes; the state starts anew.

        Args:
            size: Length of the data set; not needed, as no sample is seen twice.
        """
        states = all_gather_object(self.state)
        self.state = self.empty()
        return self.compute_metrics(states)
