"""Change the colours of an image as trainings of depth do."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from argus.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomColor(BaseTransform):
    """Gamma, brightness and a factor per channel, each drawn evenly, with one probability for all.

    out = brightness * factor_c * in ** gamma for values in [0, 1], cut off at 1: the augmentation
    of BTS (Lee et al., 2019) and AdaBins (Bhat et al., CVPR 2021).

    Args:
        gamma: (least, greatest) exponent.
        brightness: (least, greatest) factor of all channels.
        color: (least, greatest) factor of one channel.
        prob: Probability.
    """

    def __init__(
        self,
        *,
        gamma: Sequence[float] = (0.9, 1.1),
        brightness: Sequence[float] = (0.75, 1.25),
        color: Sequence[float] = (0.9, 1.1),
        prob: float = 0.5,
    ) -> None:
        assert 0 <= prob <= 1, prob
        self.gamma, self.brightness, self.color = map(_range, (gamma, brightness, color))
        self.prob = prob

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Change ``img`` (H, W, 3) uint8, or leave it."""
        if np.random.random_sample() < self.prob:
            gamma = np.random.uniform(*self.gamma)
            factors = np.random.uniform(*self.brightness) * np.random.uniform(*self.color, size=3)
            values = np.linspace(0, 1, 256)[:, None] ** gamma * factors  # (256, 3)
            table = np.rint(255 * np.minimum(values, 1)).astype(np.uint8)
            assert results["img"].dtype == np.uint8, results["img"].dtype
            results["img"] = cv2.LUT(results["img"], table[None])
        return results

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(gamma={self.gamma}, brightness={self.brightness}, "
            f"color={self.color}, prob={self.prob})"
        )


def _range(ends: Sequence[float]) -> tuple[float, float]:
    least, greatest = ends
    assert 0 < least <= greatest, ends
    return least, greatest
