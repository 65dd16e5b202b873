"""Suppression of non-maxima against a loop over pixels."""

import math

import numpy as np
import pytest
from scipy import ndimage

from argus.evaluation.boundary.suppression import ridges


def reference_ridges(strength: np.ndarray) -> np.ndarray:
    height, width = strength.shape
    kernel = np.array([1, 2, 3, 4, 5, 4, 3, 2, 1]) / 25
    smooth = strength.astype(np.float64)
    for axis in (0, 1):  # scipy's "reflect" repeats the border pixel
        smooth = ndimage.convolve1d(smooth, kernel, axis=axis, mode="reflect")
    dy, dx = np.gradient(smooth)
    dxx = np.gradient(dx, axis=1)
    dyy, dxy = np.gradient(dy)
    kept = np.zeros(strength.shape, bool)

    def value(y: float, x: float) -> float:
        x, y = min(max(x, 0), width - 1.001), min(max(y, 0), height - 1.001)
        j, i = int(x), int(y)
        b, a = x - j, y - i
        return float(
            strength[i, j] * (1 - a) * (1 - b)
            + strength[i, j + 1] * (1 - a) * b
            + strength[i + 1, j] * a * (1 - b)
            + strength[i + 1, j + 1] * a * b
        )

    for i in range(height):
        for j in range(width):
            sign = -1 if dxy[i, j] > 0 else 1
            angle = math.atan(dyy[i, j] * sign / (dxx[i, j] + 1e-5)) % math.pi
            sides = [value(i + d * math.sin(angle), j + d * math.cos(angle)) for d in (-1, 1)]
            kept[i, j] = strength[i, j] * 1.01 >= max(sides)
    return kept


@pytest.mark.parametrize("seed", range(3))
def test_ridges__equal_the_loop(seed: int) -> None:
    noise = np.random.default_rng(seed).standard_normal((23, 31))
    strength = ndimage.gaussian_filter(noise, 1.5)
    strength = (strength - strength.min()).astype(np.float32)
    candidates = strength > 0.1
    expected = reference_ridges(strength) & candidates
    found = ridges(strength, candidates)
    # Single precision may turn a near tie.
    assert np.count_nonzero(found != expected) <= 2
    assert 0 < found.sum() < candidates.sum()


def test_ridges__keep_the_crest_of_a_blurred_line() -> None:
    for line in (np.eye(41), np.eye(41)[::-1], np.outer(np.arange(41) == 20, np.ones(41))):
        strength = ndimage.gaussian_filter(line, 2).astype(np.float32)
        found = ridges(strength, strength > 0.4 * strength.max())[8:-8, 8:-8]
        np.testing.assert_array_equal(found, line[8:-8, 8:-8] > 0)


def test_ridges__binary_map_passes_unchanged() -> None:
    mask = np.random.default_rng(0).random((30, 20)) > 0.6
    np.testing.assert_array_equal(ridges(mask.astype(np.float32), mask), mask)
