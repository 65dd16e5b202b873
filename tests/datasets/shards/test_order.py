"""The order of samples in shards: each once, mixed, another every epoch, the same anywhere."""

from collections import Counter

import numpy as np
import pytest

from argus.datasets.samplers import TaskSampler
from argus.datasets.shards.order import ShardOrder
from argus.errors import ConfigError

SIZES = [5, 1, 7, 3, 4, 6, 2, 8]
STARTS = np.concatenate([[0], np.cumsum(SIZES)])
NUMBER = int(STARTS[-1])


def epoch_of(order: ShardOrder, epoch: int) -> list[int]:
    return [order(epoch, place) for place in range(len(order))]


@pytest.mark.parametrize("window", [1, 3, 8, 64])
def test_exact__every_sample_once_and_another_order_each_epoch(window: int) -> None:
    order = ShardOrder(STARTS, seed=0, window=window)
    epochs = [epoch_of(order, epoch) for epoch in range(3)]
    for found in epochs:
        assert sorted(found) == list(range(NUMBER))
    assert len(set(map(tuple, epochs))) == 3
    assert epochs[0] != epoch_of(ShardOrder(STARTS, seed=1, window=window), 0)
    # Asked from the middle and backwards it is the same.
    again = ShardOrder(STARTS, seed=0, window=window)
    assert [again(2, place) for place in reversed(range(NUMBER))] == epochs[2][::-1]


def test_exact__a_window_reads_few_shards_and_mixes_them() -> None:
    starts = np.arange(0, 1001, 10)  # 100 shards of 10
    found = np.array(epoch_of(ShardOrder(starts, seed=0, window=8), 0)) // 10
    for first in range(0, 960, 80):
        assert len(set(found[first : first + 80])) == 8
    # Neighbours of one shard are as rare as in a fair draw of 8 shards (1/8, less the one drawn).
    same = np.mean(found[1:] == found[:-1])
    assert same == pytest.approx(9 / 79, abs=0.04)


def test_resampled__shards_come_with_replacement_and_epochs_are_as_long() -> None:
    starts = np.arange(0, 401, 4)
    order = ShardOrder(starts, seed=0, window=8, passes="resampled")
    counts = Counter(number // 4 for number in epoch_of(order, 0))
    # The share of shards that are never drawn of 100: (1 - 1/100)^100 = 0.37.
    assert 0.25 < 1 - len(counts) / 100 < 0.5
    assert counts.total() == 400 and not any(n % 4 for n in counts.values())
    uneven = ShardOrder(STARTS, seed=3, window=2, passes="resampled")
    assert all(0 <= number < NUMBER for number in epoch_of(uneven, 0))


@pytest.mark.parametrize("wrong", [dict(window=0), dict(window=65), dict(passes="twice")])
def test_order__refuses(wrong: dict) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        ShardOrder(STARTS, seed=0, **wrong)


def sampler(rank: int, world_size: int, *, batch: int, starts: np.ndarray = STARTS) -> TaskSampler:
    return TaskSampler(
        int(starts[-1]),
        batch,
        seed=0,
        rank=rank,
        world_size=world_size,
        order=ShardOrder(starts, seed=5, window=2),
    )


def test_sampler__one_shard_for_many_processes_gives_each_its_share() -> None:
    starts = np.array([0, 12])
    ranks = [sampler(rank, 4, batch=3, starts=starts) for rank in range(4)]
    for epoch in range(2):
        found = [[index for _, index in ranks[rank].keys(epoch)] for rank in range(4)]
        assert all(len(own) == 3 for own in found)
        assert sorted(sum(found, [])) == list(range(12))


def test_sampler__any_number_of_processes_sees_the_same_and_resumes_anywhere() -> None:
    whole = [index for step in range(20) for _, index in sampler(0, 1, batch=4).keys(step)]
    halves = [sampler(rank, 2, batch=2) for rank in range(2)]
    found = [index for step in range(20) for half in halves for _, index in half.keys(step)]
    assert found == whole and sorted(whole[:NUMBER]) == list(range(NUMBER))
    resumed = sampler(0, 1, batch=4)
    resumed.set_start(13)
    drawn = iter(resumed)
    assert [next(drawn)[1] for _ in range(28)] == whole[52:80]
