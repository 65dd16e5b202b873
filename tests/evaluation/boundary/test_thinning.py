"""Thinning of nested maps against the definition, pixel by pixel."""

import numpy as np
import pytest
from scipy import ndimage

from argus.evaluation.boundary.thinning import thin, thin_levels


def reference_thin(mask: np.ndarray) -> np.ndarray:
    """Conditions G1 to G3 of Lam, Lee and Suen with sums and loops."""
    image = np.pad(mask.astype(int), 1)
    while True:
        before = image.copy()
        for half in (0, 1):
            image = np.where(deletable(image, half), 0, image)
        if (image == before).all():
            return image[1:-1, 1:-1].astype(bool)


def deletable(image: np.ndarray, half: int) -> np.ndarray:
    found = np.zeros(image.shape, bool)
    for i, j in np.argwhere(image):
        ring = [(0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1)]
        x = [0, *(image[i + a, j + b] for a, b in ring)]  # x[1] to x[8]
        x.append(x[1])
        crossings = sum(x[k] == 0 and (x[k + 1] or x[k + 2]) for k in (1, 3, 5, 7))
        n1 = sum(x[k] or x[k + 1] for k in (1, 3, 5, 7))
        n2 = sum(x[k] or x[k + 1] for k in (2, 4, 6, 8))
        if half == 0:
            side = (x[2] or x[3] or not x[8]) and x[1]
        else:
            side = (x[6] or x[7] or not x[4]) and x[5]
        found[i, j] = crossings == 1 and 2 <= min(n1, n2) <= 3 and not side
    return found


def random_mask(seed: int, density: float) -> np.ndarray:
    generator = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(generator.standard_normal((21, 26)), seed % 3)
    return smooth > np.quantile(smooth, 1 - density)


@pytest.mark.parametrize("density", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("seed", range(6))
def test_thin__equals_the_definition(seed: int, density: float) -> None:
    mask = random_mask(seed, density)
    np.testing.assert_array_equal(thin(mask), reference_thin(mask))


def test_thin_levels__thins_every_map_on_its_own() -> None:
    levels = np.random.default_rng(0).integers(0, 100, (17, 19))
    maps = thin_levels(levels, 99)
    assert maps.on.shape == (99, len(maps.pixels))
    for index in range(0, 99, 7):
        found = np.zeros(levels.size, bool)
        found[maps.pixels] = maps.on[index]
        np.testing.assert_array_equal(found.reshape(levels.shape), reference_thin(levels > index))


@pytest.mark.parametrize("seed", range(4))
def test_thin__keeps_connectivity_and_is_idempotent(seed: int) -> None:
    mask = random_mask(seed, 0.4)
    thinned = thin(mask)
    eight = np.ones((3, 3))
    assert ndimage.label(thinned, eight)[1] == ndimage.label(mask, eight)[1]
    assert (thinned <= mask).all()
    np.testing.assert_array_equal(thin(thinned), thinned)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (2, 2), (9, 11)])
def test_thin__solid_and_empty(shape: tuple[int, int]) -> None:
    solid = np.ones(shape, bool)
    np.testing.assert_array_equal(thin(solid), reference_thin(solid))
    assert thin(solid).any()
    assert not thin(~solid).any()


def test_thin__line_of_two_pixels_becomes_one() -> None:
    mask = np.zeros((8, 12), bool)
    mask[3:5, 1:11] = True
    assert (thin(mask).sum(axis=0)[2:10] == 1).all()
