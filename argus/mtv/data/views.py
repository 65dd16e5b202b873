"""The view of a picture that all passes but that of the local crops see."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from torchvision.transforms import RandomResizedCrop

from argus.errors import ConfigError
from argus.mtv.data.captions import tells_sides
from argus.mtv.data.geometry import Window
from argus.registry import TRANSFORMS


class View(BaseTransform):
    """Base of views: what a window does to ``img``, ``regions`` and ``disparity`` of a sample.

    Args:
        size: Height and width of the view, pixels.
        min_visible: Share of a box that the view has to show; other regions are left out.
        min_side: Pixels of the view that both sides of a box need: a patch (16).

    Raises:
        ConfigError: A value is out of range.
    """

    def __init__(self, size: int, *, min_visible: float = 0.5, min_side: float = 16.0) -> None:
        if not isinstance(size, int) or size < 1:
            raise ConfigError(f"{type(self).__name__}.size: expected pixels >= 1, found {size!r}.")
        if not 0 <= min_visible <= 1 or min_side < 0:
            raise ConfigError(
                f"{type(self).__name__}: expected min_visible in [0, 1] and min_side >= 0 pixels, "
                f"found {min_visible} and {min_side}."
            )
        self.size = size
        self.min_visible = min_visible
        self.min_side = min_side

    @abstractmethod
    def window(self, results: dict[str, Any]) -> Window:
        """The window of a sample, which may be drawn."""

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Bring the sample into the view."""
        window = self.window(results)
        results["window"] = window
        results["img"] = window.picture(results["img"])
        results["img_shape"] = results["img"].shape[:2]
        if "disparity" in results:
            results["disparity"] = window.map(*results["disparity"])
        if "regions" in results:
            boxes, visible = window.boxes(results["regions"].boxes)
            sides = (boxes[:, 2:] - boxes[:, :2]).min(axis=1, initial=np.inf) * self.size
            kept = (visible >= self.min_visible) & (sides >= self.min_side) & (sides > 0)
            results["regions"] = results["regions"].some(np.flatnonzero(kept), boxes=boxes)
        return results


@TRANSFORMS.register_module()
class RandomView(View):
    """A random part of the picture, maybe mirrored: Inception's random resized crop.

    A picture whose captions or names speak of left or right is not mirrored.

    Args:
        size: As for :class:`View`; so are ``min_visible`` and ``min_side``.
        scale: (least, greatest) share of the picture's area. Not stated in paper: SILC's values.
        ratio: (least, greatest) width by height.
        flip: Probability of mirroring. Not stated in paper: DINOv2's value.

    Raises:
        ConfigError: A value is out of range.
    """

    def __init__(
        self,
        size: int,
        *,
        scale: Sequence[float] = (0.4, 1.0),
        ratio: Sequence[float] = (3 / 4, 4 / 3),
        flip: float = 0.5,
        min_visible: float = 0.5,
        min_side: float = 16.0,
    ) -> None:
        super().__init__(size, min_visible=min_visible, min_side=min_side)
        check_ranges(type(self).__name__, scale=scale, ratio=ratio)
        if not 0 <= flip <= 1:
            raise ConfigError(f"RandomView.flip: expected a probability, found {flip!r}.")
        self.scale, self.ratio, self.flip = tuple(scale), tuple(ratio), flip

    def window(self, results: dict[str, Any]) -> Window:
        """Draw one."""
        window = random_window(results["img"].shape, self.size, scale=self.scale, ratio=self.ratio)
        mirrors = bool(np.random.random_sample() < self.flip)
        texts = [*results.get("captions", ())]
        if "regions" in results:
            texts += results["regions"].names
        return replace(window, flip=mirrors and not tells_sides(texts))


@TRANSFORMS.register_module()
class WholeView(View):
    """The whole picture, squeezed to a square: how SigLIP's processor makes pictures for use."""

    def window(self, results: dict[str, Any]) -> Window:
        """The same for all."""
        return Window(box=(0.0, 0.0, 1.0, 1.0), size=(self.size, self.size))


def random_window(
    shape: Sequence[int], size: int, *, scale: Sequence[float], ratio: Sequence[float]
) -> Window:
    """A random part of a picture of a shape (height, width, ...), for a square view."""
    height, width = shape[:2]
    # torchvision draws by the shape alone: a number that is seen as a picture.
    blank = torch.zeros(()).expand(1, height, width)
    top, left, rows, cols = RandomResizedCrop.get_params(blank, list(scale), list(ratio))
    box = (left / width, top / height, (left + cols) / width, (top + rows) / height)
    return Window(box=box, size=(size, size))


def check_ranges(name: str, *, scale: Sequence[float], ratio: Sequence[float]) -> None:
    """Refuse ranges that are none.

    Raises:
        ConfigError: Naming the transform and the key.
    """
    for key, ends, most in (("scale", scale, 1.0), ("ratio", ratio, float("inf"))):
        if len(ends) != 2 or not 0 < ends[0] <= ends[1] <= most:
            raise ConfigError(f"{name}.{key}: expected 0 < least <= greatest, found {ends}.")
