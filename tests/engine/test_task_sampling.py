"""Whose turn it is: shares by weight, size and turn, the same in any process, at any step."""

import numpy as np
import pytest

from argus.engine.task_sampling import (
    RoundRobin,
    TaskSampling,
    TemperatureSampling,
    WeightedSampling,
    build_task_sampling,
)
from argus.errors import ConfigError

SIZES = dict(a=100, b=900, c=2500)
KINDS = dict(
    turns=(RoundRobin(), dict(a=1, b=1, c=1)),
    weights=(WeightedSampling(dict(c=1.0, a=2.0, b=5.0)), dict(a=2, b=5, c=1)),
    sizes=(TemperatureSampling(1.0), SIZES),
    square_roots=(TemperatureSampling(2.0), dict(a=10, b=30, c=50)),
    equal=(TemperatureSampling(1e9), dict(a=1, b=1, c=1)),
)


@pytest.mark.parametrize("name", KINDS)
def test_sampling__has_its_shares_in_any_number_of_steps(name: str) -> None:
    sampling, weights = KINDS[name]
    sampling.start(SIZES, seed=3)
    expected = np.array(list(weights.values())) / sum(weights.values())
    assert list(sampling.shares().values()) == pytest.approx(expected, rel=1e-6)
    drawn = [sampling.stream_of(step) for step in range(9000)]
    share = np.array([drawn.count(stream) for stream in SIZES]) / len(drawn)
    np.testing.assert_allclose(share, expected, atol=0.02)
    for number in (0, 1, 4095, 4096, 4097, 9000):
        assert sampling.counts(number) == {s: drawn[:number].count(s) for s in SIZES}
    assert sampling.stream_of(5) == drawn[5], "as often as it is asked"


def order(sampling: TaskSampling, seed: int) -> list[str]:
    sampling.start(SIZES, seed=seed)
    return [sampling.stream_of(step) for step in range(50)]


def test_sampling__depends_on_the_seed_alone() -> None:
    assert order(TemperatureSampling(3.0), 1) == order(TemperatureSampling(3.0), 1)
    assert order(TemperatureSampling(3.0), 1) != order(TemperatureSampling(3.0), 2)


@pytest.mark.parametrize("weights", [dict(a=1.0, b=1.0), dict(a=1, b=1, c=0), dict(a=1, b=1, d=1)])
def test_weights__are_of_every_stream_and_above_0(weights: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="above 0 for each of the streams a, b, c"):
        WeightedSampling(weights).start(SIZES, seed=0)


def test_build__a_base_class_is_no_choice() -> None:
    with pytest.raises(ConfigError, match=r"task_sampling\.type: expected one of RoundRobin, .*"):
        build_task_sampling(dict(type=TaskSampling))
