"""The batch of a stream: images for the backbone, and what of its maps each decoder takes.

A stream of one task has a batch of its own. The images of a stream of several tasks carry labels
of some of them; they go through the backbone once, and each decoder takes the maps of the images
that have its labels.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from mmdet.structures import DetDataSample
from mmdet.structures.mask import BitmapMasks
from mmengine.structures import InstanceData
from torch import Tensor

from argus.errors import ConfigError, DataError

Preprocess = Callable[[str, Mapping[str, Any]], dict[str, Any]]
"""What a task's library makes of ``inputs`` and ``data_samples``."""
Inputs = Tensor | tuple[Tensor, ...] | None
"""Images (B, 3, H, W), or the backbone's maps of them."""


@dataclass
class TaskPart:
    """What a task takes of a batch.

    Args:
        samples: Its labels.
        rows: The images that have them; all of the batch if ``None``.
        is_blank: Whether they stand for none, so that the loss counts nothing.
    """

    samples: Sequence[Any]
    rows: Sequence[int] | None = None
    is_blank: bool = False


@dataclass
class StreamBatch:
    """The batch of a stream, preprocessed.

    Args:
        images: (B, 3, H, W), normalised; ``None`` if none of them has labels.
        parts: By task; ``None`` for a task without labels.
        is_shared: Whether the stream is one of several tasks.
    """

    images: Tensor | None
    parts: Mapping[str, TaskPart | None]
    is_shared: bool

    def routed(self, inputs: Inputs) -> Iterator[tuple[str, dict[str, Any] | None]]:
        """What the decoder of each task takes, by task; ``None`` without labels.

        Args:
            inputs: ``images``, or the backbone's maps of them.
        """
        for task, part in self.parts.items():
            if part is None:
                yield task, None
                continue
            assert inputs is not None
            data = {"inputs": _chosen(inputs, part.rows), "data_samples": part.samples}
            yield task, {**data, "blank": True} if part.is_blank else data


class StreamReader:
    """Makes the batches of streams; remembers which tasks prepare images alike.

    Args:
        libraries: OpenMMLab library of each task.
    """

    def __init__(self, libraries: Mapping[str, str | None]) -> None:
        self.libraries = libraries
        self._compared: set[str] = set()

    def read(
        self, tasks: Sequence[str], batch: Mapping[str, Any], preprocess: Preprocess
    ) -> StreamBatch:
        """Preprocess the batch of a stream.

        Args:
            tasks: Of the stream.
            batch: ``inputs`` and ``data_samples``; for several tasks each entry of the latter maps
                task to its sample.
            preprocess: Of the model.

        Raises:
            ConfigError: If tasks of one stream normalise an image differently.
            DataError: If their images have several sizes.
        """
        if len(tasks) == 1:
            data = preprocess(tasks[0], batch)
            part = TaskPart(data["data_samples"])
            return StreamBatch(data["inputs"], {tasks[0]: part}, is_shared=False)
        return self._shared(tasks, batch, preprocess)

    def _shared(
        self, tasks: Sequence[str], batch: Mapping[str, Any], preprocess: Preprocess
    ) -> StreamBatch:
        """Images with labels of several tasks.

        Detectors of mmdet average over the processes within their loss, and a process that left
        one out would hang the others: without labels here it runs on an image without objects, and
        its loss counts nothing. Losses of the other libraries have no such average.
        """
        blank: set[str] = set()
        present = {
            task: [i for i, sample in enumerate(batch["data_samples"]) if task in sample]
            for task in tasks
        }
        prepared: dict[str, dict[str, Any]] = {}
        images: dict[int, Tensor] = {}
        for task, indices in present.items():
            labels = [batch["data_samples"][i][task] for i in indices]
            if not indices and self.libraries[task] == "mmdet" and _has_other_processes():
                blank.add(task)
                indices.append(0)
                labels = [_without_objects(batch["inputs"][0])]
            if indices:
                subset = {
                    "inputs": [batch["inputs"][i] for i in indices],
                    "data_samples": labels,
                }
                prepared[task] = preprocess(task, subset)
                images |= dict(zip(indices, prepared[task]["inputs"], strict=True))
        sizes = {tuple(data["inputs"].shape[-2:]) for data in prepared.values()}
        if len(sizes) > 1:
            raise DataError(
                f"tasks {list(tasks)} share one data stream, so all images of a batch must have "
                f"one size after preprocessing, found (H, W) = {sorted(sizes)}. End the pipeline "
                f"with a crop or resize to a fixed size and give the tasks equal padding."
            )
        if not images:
            return StreamBatch(None, dict.fromkeys(tasks), is_shared=True)
        self._compare_images(present, prepared)
        row_of = {image: row for row, image in enumerate(sorted(images))}
        parts: dict[str, TaskPart | None] = {}
        for task, indices in present.items():
            if not indices:
                parts[task] = None
                continue
            parts[task] = TaskPart(
                prepared[task]["data_samples"],
                rows=None if len(indices) == len(images) else [row_of[i] for i in indices],
                is_blank=task in blank,
            )
        return StreamBatch(torch.stack([images[i] for i in row_of]), parts, is_shared=True)

    def _compare_images(
        self, present: Mapping[str, Sequence[int]], prepared: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """Refuse tasks of one stream that normalise an image differently; looked at once each.

        Raises:
            ConfigError: Naming the two tasks.
        """
        if self._compared.issuperset(prepared):
            return
        first: dict[int, tuple[str, Tensor]] = {}
        for task, data in prepared.items():
            for index, image in zip(present[task], data["inputs"], strict=True):
                other, seen = first.setdefault(index, (task, image))
                if other == task:
                    continue
                if not torch.allclose(seen, image, atol=1e-3):
                    raise ConfigError(
                        f"tasks {other!r} and {task!r} share one data stream but prepare its "
                        "images differently. Give their decoder.data_preprocessor the same mean, "
                        "std, channel order (bgr_to_rgb, or to_rgb in mmpretrain) and pad value."
                    )
                self._compared |= {other, task}


def _chosen(inputs: Tensor | tuple[Tensor, ...], rows: Sequence[int] | None) -> Any:
    """Rows of maps; images go to a decoder whole."""
    if rows is None:
        return inputs
    assert not isinstance(inputs, Tensor)
    index = torch.tensor(rows, device=inputs[0].device)
    return tuple(feature[index] for feature in inputs)


def _has_other_processes() -> bool:
    return dist.is_initialized() and dist.get_world_size() > 1


def _without_objects(image: Tensor) -> DetDataSample:
    """Sample of mmdet for an image (3, H, W) without objects."""
    height, width = image.shape[-2:]
    shape = (int(height), int(width))
    meta = {"img_shape": shape, "ori_shape": shape, "scale_factor": (1.0, 1.0), "img_id": 0}
    sample = DetDataSample(metainfo=meta)
    sample.gt_instances = InstanceData(
        bboxes=torch.zeros(0, 4),
        labels=torch.zeros(0, dtype=torch.long),
        masks=BitmapMasks(np.zeros((0, *shape), np.uint8), *shape),
    )
    sample.ignored_instances = InstanceData(
        bboxes=torch.zeros(0, 4), labels=torch.zeros(0, dtype=torch.long)
    )
    return sample
