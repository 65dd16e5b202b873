"""What MTV takes from data: the samples that a loader gives, and the batch the model makes of them.

A loader gives, as for every stream that several tasks share, a dict with one entry per picture in
each of its lists:

===================  ===========================================================================
``inputs``           the view (3, H, W), uint8 RGB in [0, 255], of one size in a batch (B/16: 224)
``data_samples``     a dict that maps the name of a task to its sample; see the classes below
``replaced``         messages about samples that could not be read
===================  ===========================================================================

Pictures without regions or depth leave the name of that task out; captions and crops every picture
has. Depth and boxes are those of the view: whatever crop and flip made it was done to them too.

``stack`` gives the lists as tensors, which is cheap enough for the training's process to do. A
loader may stack ``inputs`` itself; rows of a tensor are as good as a list.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from argus.errors import DataError


class Sample:
    """A picture's share in one task; ``get`` is how the engine asks for the file of a picture."""

    def get(self, name: str, default: Any = None) -> Any:
        """A field by its name."""
        return getattr(self, name, default)


@dataclass(frozen=True, kw_only=True)
class Caption(Sample):
    """For the contrastive task.

    Args:
        ids: (L,) int64 tokens, padded to the length L of the text encoder (64): it reads its answer
            off the last place, which has to be padding in training and use alike. In an evaluation
            (k, L), all captions of the picture.
        known: (k,) int64, ``text_keys`` of all captions of the picture, this one among them;
            ``None`` where they do not matter.
        img_path: File of the picture, for messages.
    """

    ids: Tensor
    known: Tensor | None = None
    img_path: str | None = None


@dataclass(frozen=True, kw_only=True)
class Crops(Sample):
    """For the self-supervised task.

    Args:
        images: (K, 3, h, w) uint8 RGB in [0, 255], K local crops of the picture (6 of 96 px).
        img_path: File of the picture.
    """

    images: Tensor
    img_path: str | None = None


@dataclass(frozen=True, kw_only=True)
class Regions(Sample):
    """For the grounding task.

    Args:
        boxes: (R, 4) float32, xyxy as fractions of the view's width and height, in [0, 1].
        ids: (R, L) int64 tokens of the names, padded as those of captions.
        img_path: File of the picture.
    """

    boxes: Tensor
    ids: Tensor
    img_path: str | None = None


@dataclass(frozen=True, kw_only=True)
class Disparity(Sample):
    """For the depth task.

    Args:
        values: (H, W) float32 inverse depth in the view, larger is nearer, of any scale and shift.
        valid: (H, W) bool, pixels that have a value; all that are finite by default.
        img_path: File of the picture.
    """

    values: Tensor
    valid: Tensor | None = None
    img_path: str | None = None


@dataclass(frozen=True, kw_only=True)
class ClassLabel(Sample):
    """For the evaluation of classes by their names.

    Args:
        label: Number of the name.
        img_path: File of the picture.
    """

    label: int
    img_path: str | None = None


@dataclass(frozen=True, kw_only=True)
class Batch:
    """A batch on the model's device.

    Args:
        images: (B, 3, H, W) float32 in [-1, 1], as SigLIP takes them.
        samples: By task the sample of every picture, ``None`` where it has none.
    """

    images: Tensor
    samples: Mapping[str, Sequence[Any]]


def normalised(images: Tensor) -> Tensor:
    """(..., 3, H, W) uint8 RGB in [0, 255] to float32 in [-1, 1]: mean and deviation of 0.5."""
    return images.float() / 127.5 - 1.0


def stack(batch: Mapping[str, Any], tasks: Sequence[str], device: torch.device) -> Batch:
    """The batch of a loader on a device.

    Args:
        batch: As a loader gives it.
        tasks: Names of the tasks that are trained.
        device: Of the model.

    Raises:
        DataError: If the views differ in size.
    """
    inputs = batch["inputs"]
    if not isinstance(inputs, Tensor):
        sizes = {tuple(view.shape) for view in inputs}
        if len(sizes) > 1:
            raise DataError(
                f"the views of a batch must have one size, found (3, H, W) = {sorted(sizes)}. End "
                "the pipeline with a crop or resize to a fixed size."
            )
        inputs = torch.stack(list(inputs))
    samples = {task: [sample.get(task) for sample in batch["data_samples"]] for task in tasks}
    return Batch(images=normalised(inputs.to(device, non_blocking=True)), samples=samples)


def every(samples: Sequence[Any], kind: type, *, task: str) -> list[Any]:
    """The samples of a task that every picture has one of.

    Raises:
        DataError: If one lacks it, or it is of another kind.
    """
    for place, sample in enumerate(samples):
        if not isinstance(sample, kind):
            found = "nothing" if sample is None else type(sample).__name__
            raise DataError(
                f"task {task!r} needs a {kind.__name__} of every picture, found {found} for number "
                f"{place} of a batch. What packs the samples must name it {task!r}."
            )
    return list(samples)
