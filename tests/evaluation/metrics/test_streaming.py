"""Sums over samples and processes."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from argus.evaluation.metrics import State, StreamingMetric
from argus.evaluation.metrics import streaming as streaming_module


class Mean(StreamingMetric):
    def empty(self) -> State:
        return dict(total=np.zeros(()), count=np.zeros((), np.int64))

    def update(self, sample: Mapping[str, Any]) -> None:
        self.state["total"] += sample["value"]
        self.state["count"] += 1

    def compute(self, state: State) -> dict[str, float]:
        return dict(mean=float(state["total"] / state["count"]))


def test_evaluate__sums_and_starts_anew() -> None:
    metric = Mean()
    metric.process(None, [dict(value=1.0), dict(value=3.0)])
    metric.process(None, [dict(value=5.0)])
    assert metric.evaluate(3) == dict(mean=3.0)
    metric.process(None, [dict(value=7.0)])
    assert metric.evaluate(1) == dict(mean=7.0)


def test_evaluate__adds_the_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    other = dict(total=np.array(10.0), count=np.array(3))
    monkeypatch.setattr(streaming_module, "all_gather_object", lambda state: [state, other])
    metric = Mean()
    metric.process(None, [dict(value=2.0)])
    assert metric.evaluate(4) == dict(mean=3.0)
