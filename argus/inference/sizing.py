"""Sizes that a caller asks for, and the one size of tasks that share a pass."""

from collections.abc import Callable, Sequence

import mmcv
import numpy as np

from argus.errors import ConfigError
from argus.inference.size_rule import Resized, Size, SizeRule

SizeChoice = int | str | None
"""Short side in pixels; ``"task"`` for a task's own size; ``None`` for one size of all tasks."""

TASK_SIZE = "task"
# Pixels that a picture may be enlarged to; one that is larger already may keep its size.
_MAX_PIXELS = 2**26
# What a strip is enlarged to, by the short side that was asked for.
_MAX_ASPECT = 16
# What the long side is cut to for a task without a size of its own, beside others. As mmdet's.
NATIVE_LONG_SIDE_PX = 1333


def resizer(size: SizeChoice, rules: Sequence[SizeRule]) -> Callable[[np.ndarray], Resized]:
    """How tasks that share a pass resize a picture.

    Args:
        size: What the caller asks for.
        rules: Those of the tasks.

    Raises:
        ConfigError: The rule of a task is needed and its pipeline is none.
    """
    if isinstance(size, int):
        return lambda image: FixedSize(short_side_size(image.shape[:2], size)).apply(image)
    for rule in rules:
        rule.check()
    if size == TASK_SIZE or len(rules) == 1:
        return rules[0].apply
    return lambda image: FixedSize(common_size(rules, image.shape[:2])).apply(image)


class FixedSize:
    """Resize to one size, whatever a task's own rule is.

    Args:
        size: (height, width) in pixels.
    """

    def __init__(self, size: Size) -> None:
        self.size = size

    def apply(self, image: np.ndarray) -> Resized:
        """The picture (H, W, 3), resized bilinearly as the pipelines do."""
        height, width = image.shape[:2]
        if (height, width) == self.size:
            return Resized(image, (1.0, 1.0))
        resized = mmcv.imresize(image, self.size[::-1], interpolation="bilinear")
        return Resized(resized, (self.size[1] / width, self.size[0] / height))


def short_side_size(size: Size, short_side: int) -> Size:
    """(height, width) of a picture whose short side becomes ``short_side`` pixels.

    A strip whose long side would be more than 16 times that, and more than it is, becomes as long
    as the larger of the two, and its short side shorter.

    Raises:
        ConfigError: It would have more pixels than there is memory for; nothing is allocated.
    """
    most = max(_MAX_ASPECT * short_side, max(size))
    scale = min(short_side / min(size), most / max(size))
    width, height = mmcv.rescale_size(size[::-1], scale)
    if width * height > max(_MAX_PIXELS, size[0] * size[1]):
        raise ConfigError(
            f"size: a short side of {short_side} makes the picture of {size[1]} x {size[0]} "
            f"{width:,} x {height:,} pixels large; expected at most {_MAX_PIXELS:,} in all. Give a "
            "smaller one, or crop the picture."
        )
    return max(height, 1), max(width, 1)


def common_size(rules: Sequence[SizeRule], size: Size) -> Size:
    """One (height, width) for tasks that share a pass: the largest that one of them asks for.

    The picture keeps its shape, also where a rule changes it: then the area counts.

    Args:
        rules: Those of the tasks.
        size: (height, width) of the picture.
    """
    height, width = size
    best, largest = None, 0.0
    for rule in rules:
        if rule.is_native:
            scale = min(1.0, NATIVE_LONG_SIDE_PX / max(size))
            found = mmcv.rescale_size((width, height), scale)[::-1]
        else:
            found = rule.resized_size(size)
        found = max(found[0], 1), max(found[1], 1)  # of a strip the short side may round to 0
        area = float(found[0] * found[1])
        if area > largest:
            largest, best = area, found
    assert best is not None, "common_size needs a rule"
    scale = (largest / (height * width)) ** 0.5
    keeps_shape = all(abs(new - old * scale) <= 1.5 for new, old in zip(best, size, strict=True))
    if not keeps_shape:
        best = mmcv.rescale_size((width, height), scale)[::-1]
    return max(best[0], 1), max(best[1], 1)
