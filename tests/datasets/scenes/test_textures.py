"""Noise and the pictures of the anomaly set."""

import cv2
import numpy as np
import pytest

from argus.datasets.scenes import textures
from argus.datasets.scenes.anomaly import sample_anomaly
from argus.datasets.scenes.classes import ANOMALY_CATEGORIES

DEFECTS = [(name, kind) for name, kinds in ANOMALY_CATEGORIES.items() for kind in kinds]


def test_noise2__standardised_and_periodic() -> None:
    u, v = np.meshgrid(np.arange(512) / 32, np.arange(512) / 32)
    noise = textures.noise2(u, v)
    assert noise.mean() == pytest.approx(0, abs=1e-4)
    assert noise.std() == pytest.approx(1, abs=1e-4)
    np.testing.assert_array_equal(textures.noise2(u + 16, v - 16), noise)
    # The seam is as smooth as the inside.
    seam = np.abs(noise[:, 0] - noise[:, -1]).mean()
    inside = np.abs(np.diff(noise, axis=1)).mean()
    assert seam < 1.5 * inside


def test_checker__alternates_along_each_axis() -> None:
    black, white = np.zeros((3, 1)), np.ones((3, 1))
    texture = textures.checker(black, white, np.array([1.0, 1.0, 1e6]))
    x, y = np.meshgrid(np.arange(4) + 0.5, np.arange(4) + 0.5)
    colour = texture(np.stack([x.ravel(), y.ravel(), np.zeros(16)]))[0] > 0.5
    np.testing.assert_array_equal(colour, ((np.floor(x) + np.floor(y)) % 2 == 1).ravel())


def test_linear__inverts_the_encoding_of_srgb() -> None:
    np.testing.assert_allclose(textures.linear((255, 0, 128))[:, 0] ** (1 / 2.2) * 255,
                               [255, 0, 128], atol=1e-3)  # fmt: skip
    np.testing.assert_array_equal(textures.linear("red"), textures.linear(textures.COLOURS["red"]))


@pytest.mark.parametrize(("category", "kind"), DEFECTS)
def test_anomaly__the_picture_changes_inside_the_mask_alone(category: str, kind: str) -> None:
    for seed in range(4):
        good, nothing = sample_anomaly(category, "good", 128, 128, np.random.default_rng(seed))
        bad, mask = sample_anomaly(category, kind, 128, 128, np.random.default_rng(seed))
        assert not nothing.any() and mask.any()
        change = np.abs(good.astype(int) - bad.astype(int)).mean(axis=-1)
        outside = cv2.dilate(mask.astype(np.uint8), np.ones((5, 5))) == 0
        # What is left outside is the noise of the sensor, drawn anew.
        assert np.mean(change[outside]) < 4
        assert np.mean(change[mask]) > 20
