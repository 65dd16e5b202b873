"""Local crops of a picture for self-distillation, and what their colours go through.

Source: "DINOv2: Learning Robust Visual Features without Supervision" (Oquab et al., TMLR 2024),
whose values those of the colours are; the paper states none. Captions name colours, so the view
itself keeps its own.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from argus.errors import ConfigError
from argus.mtv.data.views import check_ranges, random_window
from argus.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LocalCrops(BaseTransform):
    """Add ``crops``, (K, size, size, 3) uint8, small parts of ``img``; before the view is made.

    Args:
        number: K.
        size: Height and width, pixels. Not stated in paper: DINOv2's 96, which are 6 x 6 patches.
        scale: (least, greatest) share of the picture's area. Not stated in paper: SILC's values.
        ratio: (least, greatest) width by height.
        flip: Probability of mirroring.
        colour: Probability of changed brightness, contrast, saturation and hue.
        strength: Greatest change of the four, as shares; hue of the whole circle.
        grey: Probability of no colours.
        blur: Probability of a Gaussian blur, of 0.1 to 2 pixels.

    Raises:
        ConfigError: A value is out of range.
    """

    def __init__(
        self,
        *,
        number: int = 6,
        size: int = 96,
        scale: Sequence[float] = (0.05, 0.4),
        ratio: Sequence[float] = (3 / 4, 4 / 3),
        flip: float = 0.5,
        colour: float = 0.8,
        strength: Sequence[float] = (0.4, 0.4, 0.2, 0.1),
        grey: float = 0.2,
        blur: float = 0.5,
    ) -> None:
        if number < 1 or size < 1:
            raise ConfigError(f"LocalCrops: expected number and size >= 1, got {number}, {size}.")
        check_ranges("LocalCrops", scale=scale, ratio=ratio)
        for key, share in (("flip", flip), ("colour", colour), ("grey", grey), ("blur", blur)):
            if not 0 <= share <= 1:
                raise ConfigError(f"LocalCrops.{key}: expected a probability, found {share!r}.")
        if len(strength) != 4 or min(strength) < 0 or max(strength[:3]) >= 1 or strength[3] > 0.5:
            raise ConfigError(
                "LocalCrops.strength: expected (brightness, contrast, saturation, hue), the first "
                f"three in [0, 1), hue in [0, 0.5], found {strength}."
            )
        self.number, self.size, self.scale, self.ratio = number, size, scale, ratio
        self.flip, self.colour, self.grey, self.blur = flip, colour, grey, blur
        self.strength = tuple(strength)

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Cut them out."""
        results["crops"] = np.stack([self._crop(results["img"]) for _ in range(self.number)])
        return results

    def _crop(self, image: np.ndarray) -> np.ndarray:
        window = random_window(image.shape, self.size, scale=self.scale, ratio=self.ratio)
        draws = np.random.random_sample(4)
        crop = replace(window, flip=bool(draws[0] < self.flip)).picture(image)
        if draws[1] < self.colour:
            crop = jittered(crop, self.strength)
        if draws[2] < self.grey:
            crop = np.repeat(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)[..., None], 3, axis=-1)
        if draws[3] < self.blur:
            crop = cv2.GaussianBlur(crop, (9, 9), np.random.uniform(0.1, 2.0))
        return crop


def jittered(image: np.ndarray, strength: Sequence[float]) -> np.ndarray:
    """Change brightness, contrast, saturation and hue, in an order that is drawn.

    Args:
        image: (H, W, 3) BGR uint8.
        strength: Greatest change of each; factors are drawn from [1 - s, 1 + s], the turn of the
            hue from [-s, s] of the circle.

    Returns:
        Of the same form.
    """
    values: np.ndarray = image.astype(np.float32)
    draws = np.random.uniform(-1, 1, 4) * np.asarray(strength)
    for which in np.random.permutation(4):
        change = float(draws[which])
        if which == 0:
            values = values * (1 + change)
        elif which == 1:
            mean = float(cv2.cvtColor(values, cv2.COLOR_BGR2GRAY).mean())
            values = mean + (values - mean) * (1 + change)
        elif which == 2:
            grey = cv2.cvtColor(values, cv2.COLOR_BGR2GRAY)[..., None]
            values = grey + (values - grey) * (1 + change)
        else:
            turned = cv2.cvtColor(values / 255, cv2.COLOR_BGR2HSV)
            turned[..., 0] = (turned[..., 0] + 360 * change) % 360
            values = 255 * cv2.cvtColor(turned, cv2.COLOR_HSV2BGR)
        values = values.clip(0, 255)
    return np.rint(values).astype(np.uint8)
