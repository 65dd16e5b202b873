"""Synthetic defects: noise, textures, mixture and mask."""

import cv2
import numpy as np
import pytest
import torch

from argus.datasets.transforms import SyntheticAnomaly
from argus.datasets.transforms.anomaly_texture import (
    AUGMENTATIONS,
    augment,
    erase,
    procedural,
    salient_disc,
)
from argus.datasets.transforms.perlin import perlin_noise
from argus.errors import ConfigError, DataError


def grey(value: int = 100, shape: tuple[int, int] = (64, 96)) -> np.ndarray:
    return np.full((*shape, 3), value, np.uint8)


def apply(seed: int = 0, image: np.ndarray | None = None, **options) -> dict:
    np.random.seed(seed)
    results = dict(img=grey() if image is None else image, gt_anomaly=0, img_path="a.png")
    return SyntheticAnomaly(**options)(results)


@pytest.mark.parametrize("cells", [(1, 1), (4, 2), (32, 32), (5, 7)])
def test_perlin__is_zero_at_the_lattice_and_bounded(cells):
    noise = perlin_noise((64, 128), cells, np.random.default_rng(0))
    assert noise.shape == (64, 128) and noise.dtype == np.float32
    assert np.abs(noise).max() <= 1
    if 64 % cells[0] == 0 and 128 % cells[1] == 0:
        corners = noise[:: 64 // cells[0], :: 128 // cells[1]]
        np.testing.assert_allclose(corners, 0, atol=1e-6)


def test_perlin__equals_its_definition_at_a_point():
    noise = perlin_noise((8, 8), (2, 2), np.random.default_rng(3))
    angle = np.random.default_rng(3).uniform(0, 2 * np.pi, (3, 3))
    # Pixel (5, 2) lies a quarter down and half across the cell (1, 0).
    y, x = 0.25, 0.5
    value = 0.0
    for down in (0, 1):
        for right in (0, 1):
            theta = angle[1 + down, right]
            dot = (y - down) * np.sin(theta) + (x - right) * np.cos(theta)
            fade = [6 * t**5 - 15 * t**4 + 10 * t**3 for t in (y, x)]
            value += dot * abs(1 - down - fade[0]) * abs(1 - right - fade[1])
    assert noise[5, 2] == pytest.approx(np.sqrt(2) * value, abs=1e-5)


def test_perlin__is_smooth():
    noise = perlin_noise((128, 128), (4, 4), np.random.default_rng(0))
    # The slope of a gradient is 1 per cell of 32 pixels; the blend at most triples it.
    assert np.abs(np.diff(noise, axis=0)).max() < 5 * np.sqrt(2) / 32
    assert noise.std() > 0.1


@pytest.mark.parametrize("index", range(len(AUGMENTATIONS)))
def test_augmentations__keep_size_and_type(index):
    image = torch.randint(0, 256, (3, 20, 31), dtype=torch.uint8)
    changed = AUGMENTATIONS[index](image, np.random.default_rng(1))
    assert changed.shape == image.shape and changed.dtype == torch.uint8


def test_augment__takes_three_of_ten(monkeypatch):
    calls = []

    def note(index):
        return lambda image, rng: calls.append(index) or image

    steps = tuple(note(i) for i in range(10))
    monkeypatch.setattr("argus.datasets.transforms.anomaly_texture.AUGMENTATIONS", steps)
    texture = procedural((9, 12), np.random.default_rng(0))
    np.testing.assert_array_equal(augment(texture, np.random.default_rng(0)), texture)
    assert len(calls) == len(set(calls)) == 3


def test_procedural__of_the_asked_size_and_varied():
    textures = [procedural((20, 31), np.random.default_rng(seed)) for seed in range(10)]
    assert {(t.shape, t.dtype) for t in textures} == {((20, 31, 3), np.dtype(np.uint8))}
    assert np.std([t.mean() for t in textures]) > 10


def test_erase__a_dot_disappears():
    image = grey()
    mask = np.zeros(image.shape[:2], bool)
    mask[20:30, 40:50] = True
    image[22:28, 42:48] = 0
    assert np.abs(erase(image, mask).astype(int) - grey()).max() <= 3


def test_paint__outside_the_mask_nothing_changes():
    image = np.random.default_rng(0).integers(0, 256, (64, 96, 3)).astype(np.uint8)
    masks = []
    for seed in range(20):
        results = apply(seed, image.copy(), prob=1.0)
        mask = results["gt_anomaly_map"]
        assert mask.dtype == np.uint8 and set(np.unique(mask)) <= {0, 1}
        np.testing.assert_array_equal(results["img"][mask == 0], image[mask == 0])
        assert results["gt_anomaly"] == int(mask.any())
        masks.append(mask.mean())
    assert 0.01 < np.mean(masks) < 0.4


def test_paint__is_the_mixture_of_picture_and_texture(tmp_path, monkeypatch):
    cv2.imwrite(str(tmp_path / "texture.png"), grey(200, (10, 10)))
    monkeypatch.setattr(
        "argus.datasets.transforms.synthetic_anomaly.augment", lambda texture, rng: texture
    )
    results = apply(3, prob=1.0, image_share=(0.25, 0.25), texture_dir=str(tmp_path))
    painted = results["gt_anomaly_map"] == 1
    assert painted.any()
    assert (results["img"][painted] == 0.25 * 100 + 0.75 * 200).all()


def test_salient_disc__lies_where_the_picture_stands_out():
    image = grey(shape=(80, 80))
    image[20:28, 50:58] = 0
    hits = 0
    for seed in range(20):
        disc = salient_disc(image, np.random.default_rng(seed))
        assert 0.05 < np.sqrt(disc.sum() / np.pi) / 80 < 0.15
        hits += disc[20:28, 50:58].any()
    assert hits >= 18


def test_paint__what_hardly_changes_is_no_defect():
    image = grey(shape=(80, 80))
    image[20:28, 50:58] = 0
    gone = 0
    for seed in range(40):
        results = apply(seed, image.copy(), prob=1.0, erase_prob=1.0, min_change=20)
        change = np.abs(results["img"].astype(int) - image).max(axis=2)
        np.testing.assert_array_equal(results["gt_anomaly_map"], change >= 20)
        assert results["gt_anomaly"] == int((change >= 20).any())
        gone += (results["img"] > 80).all()
    assert gone >= 1  # the dot is missing altogether


def test_probability__of_a_defect():
    assert not any(apply(seed, prob=0.0)["gt_anomaly"] for seed in range(20))
    share = np.mean([apply(seed, prob=0.5)["gt_anomaly"] for seed in range(200)])
    # Noise of one cell seldom exceeds the threshold: somewhat less than a half.
    assert 0.3 < share < 0.55


def test_randomness__follows_numpys_seed():
    first, again, other = (apply(seed, prob=1.0)["img"] for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_mistakes__raise(tmp_path):
    with pytest.raises(ConfigError, match="no picture"):
        SyntheticAnomaly(texture_dir=str(tmp_path))
    with pytest.raises(DataError, match="needs flawless pictures"):
        SyntheticAnomaly()(dict(img=grey(), gt_anomaly=1))
    (tmp_path / "broken.png").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"broken\.png"):
        apply(prob=1.0, texture_dir=str(tmp_path))
