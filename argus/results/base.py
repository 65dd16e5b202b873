"""What the answers of all kinds have in common."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from argus.errors import ConfigError, DataError
from argus.visualization import render
from argus.visualization.palette import RGB
from argus.visualization.sample_arrays import annotation_size

# What of the arrays goes into a dict: nothing, masks as run lengths, or dense maps as PNG, too.
ARRAYS = ("none", "rle", "full")


@dataclass(frozen=True, kw_only=True, eq=False)
class TaskResult(ABC):
    """The answer of one task for one image, as NumPy arrays on the host.

    Everything refers to the original image: pixels count from its top left corner.

    Args:
        task: Name of the task in the model.
        size: Height and width of the original image, pixels.
        classes: Names by label (of keypoints for poses); empty if the task has none.
        palette: The data set's RGB colours by label; ``None`` if it has none.
    """

    kind: ClassVar[str]

    task: str
    size: tuple[int, int]
    classes: tuple[str, ...] = ()
    palette: tuple[RGB, ...] | None = None

    @classmethod
    @abstractmethod
    def from_sample(
        cls,
        sample: Any,
        *,
        task: str,
        classes: Sequence[str],
        palette: Sequence[RGB] | None = None,
        score_threshold: float = 0.0,
    ) -> "TaskResult":
        """Take the prediction out of a data sample of OpenMMLab or Argus.

        Args:
            sample: The data sample, or a list of those of one image.
            task: Name of the task.
            classes: Names by label.
            palette: RGB by label.
            score_threshold: Instances with a lower score are left out.

        Raises:
            DataError: The sample holds no prediction of this kind.
        """

    @abstractmethod
    def to_sample(self) -> Any:
        """The data sample with ``pred_*`` fields and ``ori_shape``; metrics and render take it."""

    @abstractmethod
    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays by name, as :func:`numpy.savez` takes them."""

    @abstractmethod
    def _content(self, arrays: str) -> dict[str, Any]:
        """What :meth:`to_dict` says beside kind, task and size."""

    def to_dict(self, arrays: str = "rle") -> dict[str, Any]:
        """The answer as JSON knows it; the classes say what beside ``kind``, ``task`` and ``size``.

        Args:
            arrays: ``none`` for numbers and names alone; ``rle`` for masks as COCO's compressed run
                lengths, too, and statistics of dense maps; ``full`` for the dense maps, too, each
                as :func:`argus.results.encoding.encode_map` writes it.

        Returns:
            Dicts, lists, strings, finite numbers and ``None``. A number that is not finite is
            ``None``.

        Raises:
            ConfigError: ``arrays`` is unknown.
        """
        if arrays not in ARRAYS:
            raise ConfigError(f"to_dict: arrays must be one of {ARRAYS}, found {arrays!r}.")
        return dict(kind=self.kind, task=self.task, size=list(self.size), **self._content(arrays))

    def draw(
        self,
        image_rgb: np.ndarray,
        *,
        score_threshold: float = 0.0,
        palette: Sequence[RGB] | None = None,
    ) -> np.ndarray:
        """Draw the answer on its image.

        Args:
            image_rgb: ``(H, W, 3)`` uint8, the original image or a resized copy of it.
            score_threshold: Least score of what is drawn.
            palette: RGB by label; ``None`` for colours that are safe for colour-blind people, which
                those of most data sets (``self.palette``) are not.

        Returns:
            RGB ``(H', W', 3)`` uint8; small images are enlarged, scales and legends appended.
        """
        return render(
            image_rgb,
            self.to_sample(),
            kind=self.kind,
            classes=self.classes,
            palette=palette,
            score_threshold=score_threshold,
        )

    def name(self, label: int) -> str:
        """Name of a label; its number if there are no names."""
        return self.classes[label] if 0 <= label < len(self.classes) else f"class {label}"


def common_fields(
    sample: Any,
    *,
    task: str,
    classes: Sequence[str],
    palette: Sequence[RGB] | None,
    shape: Sequence[int] | None = None,
) -> dict[str, Any]:
    """The arguments of every result class, from a sample.

    Args:
        sample: The data sample.
        task: Name of the task.
        classes: Names by label.
        palette: RGB by label.
        shape: ``(..., H, W)`` of a dense prediction, which has the size of the image.

    Raises:
        DataError: The size of the image is not known.
    """
    size = annotation_size(sample)
    if shape is not None:
        size = (int(shape[-2]), int(shape[-1]))
    if size is None:
        raise DataError(
            f"task {task!r}: the sample does not say how large the image is; set its meta key "
            "ori_shape to (height, width)."
        )
    colors = None if palette is None else tuple(_as_rgb(color) for color in palette)
    return dict(task=task, size=size, classes=tuple(classes), palette=colors)


def require(sample: Any, field: str, task: str) -> Any:
    """A field of a sample.

    Raises:
        DataError: It is absent.
    """
    value = sample.get(field)
    if value is None:
        raise DataError(
            f"task {task!r}: expected a sample with {field!r}, found a {type(sample).__name__} "
            f"with the fields {list(sample.keys())}. Was it predicted by this task?"
        )
    return value


def _as_rgb(color: Sequence[int]) -> RGB:
    red, green, blue = (int(channel) for channel in color)
    return red, green, blue
