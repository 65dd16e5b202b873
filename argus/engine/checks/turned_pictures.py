"""Say before the first step or an evaluation where an EXIF orientation may part labels from pixels.

Some pictures of a data set are looked at, spread over it, by its loader's processes under their
time limit. Where the size of the annotations decides, or the config says it, nothing is told:
``argus check`` looks at all pictures and counts those as well.
"""

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.logging import MMLogger

from argus.datasets.census.entries import spread
from argus.datasets.checks.label_loaders import image_loader, stock_image_loader
from argus.datasets.checks.orientation import Turned, TurnedByLoader, look_at
from argus.datasets.joined_parts import JoinedParts
from argus.datasets.resilient import ResilientDataset
from argus.datasets.transforms.loading import LoadImage
from argus.datasets.transforms.orientation import UPRIGHT, orientation_of
from argus.datasets.transforms.reading import read_bytes
from argus.engine.checks.some_samples import looked_at
from argus.engine.distributed import by_first_process
from argus.errors import DataError
from argus.names.wording import counted
from argus.tasks import EvalData, TrainData

_MOST_PICTURES = 256


def tell_of_turned(
    dataset: ResilientDataset, data: TrainData | EvalData, *, where: str, most: int = _MOST_PICTURES
) -> None:
    """Warn of turned pictures whose labels may lie elsewhere; all processes must call it.

    Args:
        dataset: Built from ``data.dataset``; one without ``get_data_info`` is not looked at.
        data: Of the task.
        where: Its place in the config, for the message.
        most: Pictures that are looked at.
    """
    if not hasattr(dataset.dataset, "get_data_info"):
        return
    parts = JoinedParts(data.dataset, dataset.dataset)
    loaders = [image_loader(part.config) for part in parts.parts]
    if all(load.orientation is not None for load in loaders):
        return
    for text in by_first_process(lambda: _notes(dataset, data, parts, loaders, most)):
        MMLogger.get_current_instance().warning(f"{where}: {text}")


def _notes(
    dataset: ResilientDataset,
    data: TrainData | EvalData,
    parts: JoinedParts,
    loaders: Sequence[LoadImage],
    most: int,
) -> list[str]:
    chosen = spread(len(dataset), most)
    turned = TurnedByLoader(
        [
            (load, stock_image_loader(part.config))
            for load, part in zip(loaders, parts.parts, strict=True)
        ]
    )
    look = _Look(parts, loaders)
    with contextlib.closing(looked_at(dataset, data, look, chosen)) as batches:
        for batch in batches:
            for number, found in batch:
                turned.add(number, found)
    return [f"of {counted(len(chosen), 'picture')}, {text}" for text in turned.in_doubt()]


class _Look:
    """By which part's loader the picture of a sample is read, and how."""

    def __init__(self, parts: JoinedParts, loaders: Sequence[LoadImage]) -> None:
        self.parts = parts
        self.loaders = loaders

    def __call__(self, index: int, info: Mapping[str, Any]) -> tuple[int, Turned]:
        number = self.parts.number_at(index)
        load, path = self.loaders[number], info.get("img_path")
        if load.orientation is None and isinstance(path, str) and "img" not in info:
            # A picture that cannot be read is told when it is drawn, or measured.
            with contextlib.suppress(DataError):
                if orientation_of(read_bytes(path, load.backend_args)) != UPRIGHT:
                    return number, look_at(load.transform(dict(info)), load)
        return number, Turned()
