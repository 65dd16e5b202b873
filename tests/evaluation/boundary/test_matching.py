"""The matching against assignment solvers, and as pixels come and go."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from argus.evaluation.boundary.matching import MaximumMatching, pixels_within


def maps(seed: int, size: tuple[int, int] = (14, 17)) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    return generator.random(size) < 0.25, generator.random(size) < 0.1


@pytest.mark.parametrize("distance", [0.0, 0.99, 1.0, 1.5, 2.9, 7.73])
def test_pixels_within__are_all_pairs(distance: float) -> None:
    predicted, label = maps(0)
    left, right = pixels_within(predicted, label, distance)
    lengths = cdist(np.argwhere(predicted), np.argwhere(label))
    expected = np.argwhere(lengths <= distance)
    assert sorted(zip(left, right, strict=True)) == [tuple(pair) for pair in expected]
    assert (np.diff(left) >= 0).all()
    same = np.diff(left) == 0
    assert (np.diff(lengths[left, right])[same] >= 0).all()  # the nearest first


def test_pixels_within__nothing_there() -> None:
    predicted, label = maps(1)
    for pair in ((predicted & False, label), (predicted, label & False)):
        left, right = pixels_within(*pair, 3.0)
        assert len(left) == len(right) == 0


@pytest.mark.parametrize("seed", range(8))
def test_update__is_maximum_while_pixels_come_and_go(seed: int) -> None:
    generator = np.random.default_rng(100 + seed)
    predicted, label = maps(seed)
    distance = (1.0, 1.5, 2.3, 4.0)[seed % 4]
    edges = pixels_within(predicted, label, distance)
    allowed = cdist(np.argwhere(predicted), np.argwhere(label)) <= distance
    count = np.count_nonzero(predicted)
    matching = MaximumMatching(edges, count, np.count_nonzero(label))
    present = np.zeros(count, bool)
    for step in range(30):
        present |= generator.random(count) < 0.1
        present &= generator.random(count) > (0.05 if step % 3 else 0.0)
        matched = matching.update(present)
        rows, columns = linear_sum_assignment(-allowed[present].astype(int))
        assert matched.sum() == allowed[present][rows, columns].sum()
        assert not (matched & ~present).any()
        partners = matching._label_of[matched]
        assert len(set(partners)) == len(partners)
        assert allowed[matched, partners].all()


def test_update__needs_a_long_augmenting_path() -> None:
    """A row of labels, each but the last taken by the pixel above: one more shifts them all."""
    length = 40
    predicted, label = np.zeros((2, 3, length), bool)
    label[1, 1:] = True
    predicted[1, :] = True
    matching = MaximumMatching(pixels_within(predicted, label, 1.0), length, length - 1)
    present = np.arange(length) > 0
    present[-1] = False
    assert matching.update(present).sum() == length - 2
    assert matching.update(np.arange(length) < length - 1).sum() == length - 1
    assert matching.update(np.ones(length, bool)).sum() == length - 1
