"""The size a task sees pictures at, read off the pipeline of its test data.

The transforms are the library's own, so a picture gets the pixels that it has in a benchmark.
"""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import mmcv
import mmcv.transforms as mmcv_transforms
import mmpretrain.datasets.transforms as mmpretrain_transforms
import numpy as np
from mmengine.registry import TRANSFORMS

from argus.datasets.transforms import JointResize
from argus.errors import ConfigError
from argus.models.foreign import library_scope

Size = tuple[int, int]

# Steps that read, check or leave out labels, or pack, do not change pixels; their names begin so.
_NO_GEOMETRY = ("Load", "Check", "Ignore", "Pack")
_CROPS = (mmcv_transforms.CenterCrop, mmpretrain_transforms.CenterCrop)
_RESIZES = (mmcv_transforms.Resize, JointResize, mmpretrain_transforms.ResizeEdge)
_PERSON = ("GetBBoxCenterScale", "TopdownAffine")
# Pixels that a rule may enlarge a picture to; one that is larger already may keep its size.
_MAX_PIXELS = 2**26


@dataclass(frozen=True)
class Resized:
    """A picture at the size of the network.

    Args:
        image: (h, w, 3) uint8.
        scale_factor: (width, height) of the resize, as the libraries' samples have it.
    """

    image: np.ndarray
    scale_factor: tuple[float, float]

    @property
    def size(self) -> Size:
        """(height, width) in pixels."""
        return int(self.image.shape[0]), int(self.image.shape[1])


class SizeRule:
    """Resize, and perhaps centre crop, as a task's test pipeline does.

    Args:
        steps: The transforms that change pixels, built.
        text: The rule in words, for people.
        problem: Why the pipeline is no such rule; using the rule then raises it.
        is_person: Whether the task sees a crop around each person.
    """

    def __init__(
        self,
        steps: Sequence[Any] = (),
        *,
        text: str = "original size",
        problem: str = "",
        is_person: bool = False,
    ) -> None:
        self.steps = tuple(steps)
        self.text = text
        self.problem = problem
        self.is_person = is_person
        # Equal keys give equal pixels.
        self.key = repr((problem, *map(repr, steps)))

    @classmethod
    def of_task(cls, config: Mapping[str, Any], *, library: str | None, task: str) -> "SizeRule":
        """The rule of a task's config: that of its test, else its validation data.

        Args:
            config: Config of the task, with its classes built.
            library: The library whose names its pipeline uses.
            task: Its name, for messages.
        """
        steps, words, problem = [], [], ""
        is_person = False
        for transform in pipeline_of(config):
            kind = transform["type"]
            name = kind.split(".")[-1] if isinstance(kind, str) else kind.__name__
            if name.startswith(_NO_GEOMETRY):
                continue
            if isinstance(kind, str):
                with library_scope(library):
                    kind = TRANSFORMS.get(kind)
            if name in _PERSON:
                is_person = True
            elif not _is_known(kind):
                problem = (
                    f"tasks[{task!r}]: the step {name} of its test pipeline is none that "
                    "prediction can follow for one picture (known: Resize, JointResize, "
                    "ResizeEdge, CenterCrop). Give the size yourself: size=INT for the short side "
                    f"in pixels, or size={{{task!r}: INT}} for this task alone."
                )
                break
            step = TRANSFORMS.build({**transform, "type": kind})
            _check_fixed_size(step, f"tasks[{task!r}]: {name} of its test pipeline")
            steps.append(step)
            words.append(_in_words(step))
        text = "not one that prediction can follow" if problem else ", ".join(filter(None, words))
        return cls(steps, text=text or "original size", problem=problem, is_person=is_person)

    @property
    def is_native(self) -> bool:
        """Whether pictures keep their size."""
        return not self.steps and not self.problem

    def apply(self, image: np.ndarray) -> Resized:
        """The picture (H, W, 3) at the task's size.

        Raises:
            ConfigError: The pipeline is no such rule.
        """
        self.resized_size((image.shape[0], image.shape[1]))  # no more than there is memory for
        results: dict[str, Any] = dict(
            img=image, img_shape=image.shape[:2], ori_shape=image.shape[:2]
        )
        for step in self.steps:
            results = step(results)
        return Resized(results["img"], tuple(results.get("scale_factor", (1.0, 1.0))))

    def resized_size(self, size: Size) -> Size:
        """(height, width) that a picture of ``size`` is resized to, before any crop.

        Raises:
            ConfigError: The pipeline is no such rule.
        """
        self.check()
        height, width = size
        for step in self.steps:
            if isinstance(step, _CROPS):
                break
            width, height = _new_size(step, width, height)
        if width * height > max(_MAX_PIXELS, size[0] * size[1]):
            raise ConfigError(
                f"the test pipeline ({self.text}) enlarges a picture of {size[1]}x{size[0]} to "
                f"{width:,}x{height:,} pixels; expected at most {_MAX_PIXELS:,} in all. Give the "
                "size yourself: size=INT for the short side in pixels."
            )
        return height, width

    def check(self) -> None:
        """Raise ConfigError if the pipeline is no such rule."""
        if self.problem:
            raise ConfigError(self.problem)


def pipeline_of(config: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Transforms of a task's test data, through wrappers of data sets; empty if it has none."""
    dataset = (config.get("test") or config.get("val") or {}).get("dataset", {})
    while "pipeline" not in dataset and isinstance(dataset.get("dataset"), Mapping):
        dataset = dataset["dataset"]
    return dataset.get("pipeline", ())


def _is_known(kind: Any) -> bool:
    """Whether it is a resize or crop of these very classes; a subclass may do other things."""
    if inspect.isclass(kind) and issubclass(kind, (*_RESIZES, *_CROPS)):
        return kind.__name__ in ("Resize", "JointResize", "ResizeEdge", "CenterCrop")
    return False


def _check_fixed_size(step: Any, where: str) -> None:
    """Refuse a step that makes pictures larger than there is memory for, whatever it is given."""
    sides: Any = getattr(step, "input_size", None) or getattr(step, "crop_size", 1)
    width, height = (sides, sides) if isinstance(sides, int) else sides
    if width * height > _MAX_PIXELS:
        raise ConfigError(
            f"{where} gives pictures of {width:,}x{height:,} pixels; expected at most "
            f"{_MAX_PIXELS:,} in all."
        )


def _new_size(step: Any, width: int, height: int) -> Size:
    """(width, height) after a resize."""
    if isinstance(step, JointResize):
        return step.new_size(width, height)
    if isinstance(step, mmpretrain_transforms.ResizeEdge):
        by_width = step.edge == "width" or step.edge == ("short" if width < height else "long")
        by_width = by_width and (width != height or step.edge == "width")
        if by_width:
            return step.scale, int(step.scale * height / width)
        return int(step.scale * width / height), step.scale
    if step.scale is None:
        factor_w, factor_h = step.scale_factor
        return int(width * factor_w + 0.5), int(height * factor_h + 0.5)
    if step.keep_ratio:
        return mmcv.rescale_size((width, height), step.scale)
    return step.scale[0], step.scale[1]


def _in_words(step: Any) -> str:
    name = type(step).__name__
    if name == "TopdownAffine":
        return "a crop of {}x{} around each person".format(*step.input_size)
    if name == "GetBBoxCenterScale":
        return ""
    if isinstance(step, _CROPS):
        crop = step.crop_size
        width, height = (crop, crop) if isinstance(crop, int) else crop
        return f"centre crop {width}x{height}"
    if isinstance(step, mmpretrain_transforms.ResizeEdge):
        return f"{step.edge} side {step.scale}"
    if isinstance(step, JointResize) and step.scale is None:
        if step.short_side is None:
            return f"multiples of {step.multiple}"
        bound = f", long side at most {step.max_long_side}" if step.max_long_side else ""
        return f"short side {step.short_side}{bound}"
    if step.scale is None:
        return "scaled by {}x{}".format(*step.scale_factor)
    return "{} {}x{}".format("within" if step.keep_ratio else "resized to", *step.scale)
