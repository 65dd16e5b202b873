"""Local crops: small parts, each another, with other colours and none that lie."""

import cv2
import numpy as np

from argus.datasets.seeding import isolated_rng
from argus.mtv.data.crops import LocalCrops, jittered


def test_crops__come_from_the_picture_and_follow_the_seed() -> None:
    y, x = np.mgrid[:120, :160]
    image = np.stack([x, y, np.full_like(x, 50)], -1).astype(np.uint8)
    plain = LocalCrops(number=5, size=16, scale=(0.05, 0.1), flip=0, colour=0, grey=0, blur=0)
    with isolated_rng(1):
        crops = plain(dict(img=image))["crops"]
    with isolated_rng(1):
        again = plain(dict(img=image))["crops"]
    np.testing.assert_array_equal(crops, again)
    assert crops.shape == (5, 16, 16, 3) and (crops[..., 2] == 50).all()
    spans = crops[..., :2].reshape(5, -1, 2).astype(float)
    areas = np.prod(np.ptp(spans, axis=1) * 16 / 15, axis=1) / (120 * 160)
    assert (areas > 0.04).all() and (areas < 0.12).all()
    assert len({tuple(corner) for corner in spans[:, 0]}) == 5


def test_jitter__is_what_its_definitions_say() -> None:
    image = np.random.default_rng(0).integers(60, 180, (8, 8, 3), dtype=np.uint8)
    values = image.astype(float)
    with isolated_rng(0):
        bright = jittered(image, (0.3, 0, 0, 0)) / values
    assert np.ptp(bright) < 0.02 and abs(bright.mean() - 1) > 0.01
    with isolated_rng(0):
        flat = jittered(image, (0, 0.5, 0, 0)).astype(float)
    grey = cv2.cvtColor(values.astype(np.float32), cv2.COLOR_BGR2GRAY).mean()
    factors = (flat - grey) / (values - grey)
    assert np.median(np.abs(factors - np.median(factors))) < 0.05
    with isolated_rng(0):
        turned = jittered(image, (0, 0, 0, 0.5))
    # Hue alone: the largest and the smallest of the three stay.
    assert np.abs(turned.max(-1).astype(int) - image.max(-1)).max() <= 1
    assert np.abs(turned.min(-1).astype(int) - image.min(-1)).max() <= 1
    assert (turned != image).any()
    np.testing.assert_array_equal(jittered(image, (0, 0, 0, 0)), image)
