import numpy as np
import pytest

from argus.datasets.seeding import isolated_rng
from argus.datasets.transforms import RandomColor

IMAGE = np.random.default_rng(0).integers(0, 256, (20, 30, 3)).astype(np.uint8)


def run(transform, seed):
    with isolated_rng(seed):
        return transform(dict(img=IMAGE))["img"]


@pytest.mark.parametrize("seed", range(5))
def test_color__equals_the_formula(seed):
    result = run(RandomColor(prob=1.0), seed)
    with isolated_rng(seed):
        np.random.random_sample()
        gamma = np.random.uniform(0.9, 1.1)
        brightness = np.random.uniform(0.75, 1.25)
        factors = np.random.uniform(0.9, 1.1, size=3)
    value = (IMAGE / 255) ** gamma * brightness * factors
    expected = np.clip(value, 0, 1) * 255
    assert result.dtype == np.uint8
    assert np.abs(result - expected).max() <= 0.5 + 1e-9


def test_color__ranges_of_one_are_the_identity():
    same = RandomColor(gamma=(1, 1), brightness=(1, 1), color=(1, 1), prob=1.0)
    np.testing.assert_array_equal(run(same, 0), IMAGE)


def test_color__half_of_the_images_and_never_the_input_array():
    before = IMAGE.copy()
    changed = [not np.array_equal(run(RandomColor(), seed), IMAGE) for seed in range(200)]
    assert 70 < sum(changed) < 130
    np.testing.assert_array_equal(IMAGE, before)
    assert run(RandomColor(prob=1.0), 3).tobytes() == run(RandomColor(prob=1.0), 3).tobytes()
