"""Tasks of an evaluation that share the backbone's passes.

Tasks whose data sets list the same pictures and prepare them alike are evaluated together, batch by
batch: the first has the backbone compute its maps, the others find them again by the prepared
pixels themselves, so that no number depends on it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from argus.datasets.resilient import ResilientDataset, collate
from argus.engine.loading.opencv_threads import without_threads_of_opencv
from argus.engine.loading.watched_loader import WatchedLoader
from argus.models.multitask import MultitaskModel
from argus.models.repeated_passes import needs_images
from argus.models.task_model import TaskModel

Maps = Sequence[Tensor]


class SharedMaps:
    """The backbone's maps of the images of a turn, computed once.

    Args:
        compute: Gives the maps of normalised images (B, 3, H, W).
    """

    def __init__(self, compute: Callable[[Tensor], Maps]) -> None:
        self._compute = compute
        self._known: list[tuple[Tensor, Maps]] = []

    def __call__(self, images: Tensor) -> Maps:
        """Maps of images (B, 3, H, W): those of equal images of this turn, if there were any."""
        for known, maps in self._known:
            if known.dtype == images.dtype and torch.equal(known, images):
                return maps
        maps = self._compute(images)
        self._known.append((images, maps))
        return maps

    def next_turn(self) -> None:
        """Forget the images."""
        self._known.clear()


def tasks_together(model: TaskModel, loaders: Mapping[str, WatchedLoader]) -> list[tuple[str, ...]]:
    """Which tasks are evaluated together; each is in one group, most of them alone.

    Those together have the same list of pictures in batches of one size, and the first picture is
    the same when it comes to the network. Sliding windows and flip tests run the backbone
    themselves and are left alone, and so are data sets that do not name their pictures.

    Args:
        model: With all the tasks.
        loaders: Of the evaluated data, by task.
    """
    if not isinstance(model, MultitaskModel):
        return [(task,) for task in loaders]
    groups: list[list[_Evaluated]] = []
    for task, loader in loaders.items():
        one = _Evaluated(task, loader, model)
        for group in groups:
            if group[0].is_like(one):
                group.append(one)
                break
        else:
            groups.append([one])
    return [tuple(one.task for one in group) for group in groups]


class _Evaluated:
    """A task with its data, which is looked at when it has to be."""

    def __init__(self, task: str, loader: WatchedLoader, model: MultitaskModel) -> None:
        self.task = task
        self._loader = loader
        self._model = model
        self._shares = not needs_images(model.decoder(task))
        self._pictures: list[Any] | None = None
        self._first: Tensor | None = None

    def is_like(self, other: "_Evaluated") -> bool:
        """Whether the two can share passes."""
        one, two = self._loader, other._loader
        return (
            self._shares
            and other._shares
            and one.batch_size == two.batch_size
            and len(one.dataset) == len(two.dataset)
            and None not in self.pictures()
            and self.pictures() == other.pictures()
            and torch.equal(self.first(), other.first())
        )

    def pictures(self) -> list[Any]:
        """Path of every picture, ``None`` where it is not known."""
        if self._pictures is None:
            self._pictures = _paths(self._loader.dataset)
        return self._pictures

    def first(self) -> Tensor:
        """The first picture (1, 3, H, W) as the network gets it."""
        if self._first is None:
            with without_threads_of_opencv():
                batch = collate([self._loader.dataset[0]])
            self._first = self._model.prepare(self.task, batch)["inputs"]
        return self._first


def _paths(dataset: ResilientDataset) -> list[Any]:
    if not hasattr(dataset.dataset, "get_data_info"):
        return [None]
    return [dataset.get_data_info(index).get("img_path") for index in range(len(dataset))]
