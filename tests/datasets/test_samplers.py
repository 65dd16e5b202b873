from itertools import islice

import numpy as np
import pytest

from argus.datasets.samplers import TaskSampler, class_balanced_weights
from argus.errors import ConfigError


def take(sampler: TaskSampler, count: int) -> list[tuple[int, int]]:
    return list(islice(iter(sampler), count))


@pytest.mark.parametrize("sampling", ["shuffle", "sequential", "balanced"])
@pytest.mark.parametrize("world_size", [2, 4])
def test_global_batches__do_not_depend_on_world_size(sampling, world_size):
    weights = np.arange(1, 12.0) if sampling == "balanced" else None
    kwargs = dict(seed=3, sampling=sampling, weights=weights)
    whole = take(TaskSampler(11, 8, **kwargs), 8 * 6)
    parts = [
        take(
            TaskSampler(11, 8 // world_size, rank=r, world_size=world_size, **kwargs),
            8 // world_size * 6,
        )
        for r in range(world_size)
    ]
    local = 8 // world_size
    for step in range(6):
        merged = [key for part in parts for key in part[step * local : (step + 1) * local]]
        assert merged == whole[step * 8 : (step + 1) * 8]


def test_shuffle__every_epoch_is_another_permutation():
    keys = take(TaskSampler(50, 7, seed=0), 150)
    assert [draw for draw, _ in keys] == list(range(150))
    epochs = [[index for _, index in keys[i : i + 50]] for i in (0, 50, 100)]
    assert all(sorted(epoch) == list(range(50)) for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2] != epochs[0]


def test_shuffle__follows_the_seed_alone():
    assert take(TaskSampler(50, 7, seed=1), 60) == take(TaskSampler(50, 7, seed=1), 60)
    assert take(TaskSampler(50, 7, seed=1), 60) != take(TaskSampler(50, 7, seed=2), 60)


@pytest.mark.parametrize("sampling", ["shuffle", "sequential", "balanced"])
def test_set_start__continues_the_stream(sampling):
    weights = [1.0, 2.0, 3.0, 4.0, 5.0] if sampling == "balanced" else None
    kwargs = dict(seed=5, sampling=sampling, weights=weights, rank=1, world_size=2)
    whole = take(TaskSampler(5, 3, **kwargs), 3 * 10)
    resumed = TaskSampler(5, 3, **kwargs)
    resumed.set_start(7)
    assert take(resumed, 9) == whole[21:]


def test_set_start__reaches_a_far_step_without_walking_there():
    sampler = TaskSampler(1000, 4, seed=0)
    sampler.set_start(10**9)
    assert take(sampler, 1)[0][0] == 4 * 10**9


def test_small_set__wraps_within_a_batch():
    keys = take(TaskSampler(3, 8, seed=0), 9)
    counts = np.bincount([index for _, index in keys], minlength=3)
    assert counts.tolist() == [3, 3, 3]


def test_sequential__keeps_the_order():
    indices = [i for _, i in take(TaskSampler(4, 2, seed=9, sampling="sequential"), 10)]
    assert indices == [0, 1, 2, 3, 0, 1, 2, 3, 0, 1]


def test_balanced__draws_in_proportion_to_the_weights():
    weights = np.array([1.0, 1.0, 2.0, 4.0])
    keys = take(TaskSampler(4, 1, seed=0, sampling="balanced", weights=weights), 4 * 2000)
    counts = np.bincount([i for _, i in keys], minlength=4)
    # Systematic resampling: an epoch's counts are within one of their expectation.
    np.testing.assert_allclose(counts / 2000, 4 * weights / weights.sum(), atol=0.05)
    first = np.bincount([i for _, i in keys[:4]], minlength=4)
    assert (np.abs(first - 4 * weights / weights.sum()) < 1).all()


def test_class_balanced_weights__full_power_equalises_single_label_classes():
    ids = [[0]] * 8 + [[1]] * 2
    weights = class_balanced_weights(ids, power=1)
    assert weights[:8].sum() == pytest.approx(weights[8:].sum())


def test_class_balanced_weights__rarest_class_counts_and_empty_image_is_least():
    weights = class_balanced_weights([[0, 0], [0], [0, 1], []])
    # shares: class 0 is in 3 of 4 images, class 1 in 1 of 4
    np.testing.assert_allclose(weights, [(3 / 4) ** -0.5] * 2 + [(1 / 4) ** -0.5, (3 / 4) ** -0.5])


def test_epochs__counts_passes():
    assert TaskSampler(100, 5, seed=0, rank=1, world_size=2).epochs(30) == 3.0


@pytest.mark.parametrize(
    ("kwargs", "word"),
    [
        (dict(num_samples=0, batch_size=1), "no samples"),
        (dict(num_samples=2, batch_size=0), "batch_size"),
        (dict(num_samples=2, batch_size=1, sampling="random"), "sampling"),
        (dict(num_samples=2, batch_size=1, sampling="balanced"), "weights"),
        (dict(num_samples=2, batch_size=1, weights=[1, 1]), "weights"),
        (dict(num_samples=2, batch_size=1, sampling="balanced", weights=[1]), "2 weights"),
        (dict(num_samples=2, batch_size=1, sampling="balanced", weights=[1, 0]), "positive"),
    ],
)
def test_bad_arguments__say_what_is_wrong(kwargs, word):
    with pytest.raises(ConfigError, match=word):
        TaskSampler(**kwargs, seed=0)
