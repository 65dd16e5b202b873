"""Textures that synthetic defects are painted with, and DRAEM's ten augmentations of them.

The augmentations are those of DRAEM's published code, with torchvision's functions in place of
imgaug's.
"""

from collections.abc import Callable

import cv2
import numpy as np
import torch
import torchvision.transforms.v2.functional as F
from torch import Tensor

from argus.datasets.transforms.perlin import perlin_noise

NUM_CHOSEN = 3
Rng = np.random.Generator


def _gamma(image: Tensor, rng: Rng) -> Tensor:
    return torch.cat([F.adjust_gamma(channel[None], rng.uniform(0.5, 2.0)) for channel in image])


def _brightness(image: Tensor, rng: Rng) -> Tensor:
    changed = image.float() * rng.uniform(0.8, 1.2) + rng.uniform(-30, 30)
    return changed.round().clamp(0, 255).to(torch.uint8)


def _hue_and_saturation(image: Tensor, rng: Rng) -> Tensor:
    shifted = F.adjust_hue(image, rng.uniform(-0.2, 0.2))
    return F.adjust_saturation(shifted, rng.uniform(0.8, 1.2))


AUGMENTATIONS: tuple[Callable[[Tensor, Rng], Tensor], ...] = (
    _gamma,
    _brightness,
    lambda image, rng: F.adjust_sharpness(image, rng.uniform(0.5, 1.5)),
    _hue_and_saturation,
    lambda image, rng: F.solarize(image, rng.uniform(32, 128)),
    lambda image, rng: F.posterize(image, int(rng.integers(1, 9))),
    lambda image, rng: F.invert(image),
    lambda image, rng: F.autocontrast(image),
    lambda image, rng: F.equalize(image),
    lambda image, rng: F.rotate(image, rng.uniform(-45, 45)),
)
"""Each maps an RGB image (3, H, W) uint8 to one of the same size."""


def augment(texture: np.ndarray, rng: Rng) -> np.ndarray:
    """Apply three different augmentations, in random order.

    Args:
        texture: (H, W, 3) uint8 BGR.
        rng: Source of randomness.

    Returns:
        (H, W, 3) uint8 BGR.
    """
    image = torch.from_numpy(np.ascontiguousarray(texture[..., ::-1])).permute(2, 0, 1)
    for index in rng.choice(len(AUGMENTATIONS), NUM_CHOSEN, replace=False):
        image = AUGMENTATIONS[index](image, rng)
    return np.ascontiguousarray(image.permute(1, 2, 0).numpy()[..., ::-1])


def procedural(shape: tuple[int, int], rng: Rng) -> np.ndarray:
    """A texture of two colours, mixed by noise of a random size and sharpness, down to a flat one.

    Args:
        shape: (height, width) in pixels.
        rng: Source of randomness.

    Returns:
        (H, W, 3) uint8.
    """
    rows, columns = 2 ** rng.integers(1, 6, 2)
    noise = perlin_noise(shape, (int(rows), int(columns)), rng)
    fine = perlin_noise(shape, (int(rows) * 2, int(columns) * 2), rng)
    weight = np.clip(0.5 + 10 ** rng.uniform(-1.5, 1.0) * (noise + 0.5 * fine), 0, 1)[..., None]
    first, second = rng.uniform(0, 255, (2, 3)).astype(np.float32)
    grain = rng.normal(0, rng.uniform(0, 12), (*shape, 1))
    return np.clip(first * weight + second * (1 - weight) + grain, 0, 255).astype(np.uint8)


def erase(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The picture with a region filled from around it (Telea, 2004).

    Args:
        image: (H, W, 3) uint8.
        mask: (H, W) bool, the region.

    Returns:
        (H, W, 3) uint8.
    """
    return np.asarray(cv2.inpaint(image, mask.astype(np.uint8), 3, cv2.INPAINT_TELEA))


def salient_disc(image: np.ndarray, rng: Rng) -> np.ndarray:
    """A disc whose centre is likely where the picture differs from its surroundings.

    Args:
        image: (H, W, 3) uint8.
        rng: Source of randomness.

    Returns:
        (H, W) bool; the radius is 6 to 14 hundredths of the shorter side.
    """
    height, width = image.shape[:2]
    radius = rng.uniform(0.06, 0.14) * min(height, width)
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.float32)
    contrast = np.square(grey - cv2.GaussianBlur(grey, (0, 0), radius)).astype(np.float32)
    weight = cv2.GaussianBlur(contrast, (0, 0), radius / 2).ravel().astype(np.float64) + 1e-6
    row, column = divmod(int(rng.choice(weight.size, p=weight / weight.sum())), width)
    y, x = np.ogrid[:height, :width]
    return np.asarray((y - row) ** 2 + (x - column) ** 2 < radius**2)
