"""Say before the first step or an evaluation that masks of defects have soft edges.

What grey values mean is one rule for the data set, that of ``LoadAnomalyMask``: all of them are
defects unless it has a threshold. Some masks are looked at, spread over the data set;
``argus check`` looks at all of them.
"""

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.logging import MMLogger

from argus.datasets.census.entries import spread
from argus.datasets.census.maps import MapCounts, map_censuses, soft_edges
from argus.datasets.checks.label_loaders import label_loaders
from argus.datasets.joined_parts import JoinedParts
from argus.datasets.resilient import ResilientDataset
from argus.datasets.transforms.binary_labels import LoadAnomalyMask
from argus.engine.checks.some_samples import looked_at
from argus.engine.distributed import by_first_process
from argus.errors import DataError
from argus.names.wording import counted
from argus.tasks import EvalData, TrainData

_MOST_MASKS, _MOST_ENTRIES = 256, 10_000


def tell_of_soft_masks(
    dataset: ResilientDataset, data: TrainData | EvalData, *, where: str
) -> None:
    """Warn of masks whose grey values count as defects; all processes must call it.

    Args:
        dataset: Built from ``data.dataset``; one without ``get_data_info`` is not looked at.
        data: Of the task.
        where: Its place in the config, for the message.
    """
    if not hasattr(dataset.dataset, "get_data_info"):
        return
    parts = JoinedParts(data.dataset, dataset.dataset)
    loaders = [_mask_loader(part.config, part.metainfo) for part in parts.parts]
    if all(load is None or load.threshold for load in loaders):
        return
    for text in by_first_process(lambda: _notes(dataset, data, _Look(parts, loaders))):
        MMLogger.get_current_instance().warning(f"{where}: {text}")


def _mask_loader(config: Mapping[str, Any], metainfo: Mapping[str, Any]) -> LoadAnomalyMask | None:
    found = (load for load in label_loaders(config, metainfo) if isinstance(load, LoadAnomalyMask))
    return next(found, None)


def _notes(dataset: ResilientDataset, data: TrainData | EvalData, look: "_Look") -> list[str]:
    order = spread(len(dataset), _MOST_ENTRIES)
    chosen = [i for i in order if dataset.get_data_info(i).get("mask_path")][:_MOST_MASKS]
    counts = MapCounts()
    with contextlib.closing(looked_at(dataset, data, look, chosen)) as batches:
        for batch in batches:
            for found in batch:
                counts.add(found)
    number = len(chosen)
    censuses = map_censuses(counts, {}, num_seen=number, num_all=len(dataset))
    return [f"of {counted(number, 'mask')}, {text}" for census in censuses for text in census.notes]


class _Look:
    """Whether the mask of a sample has soft edges."""

    def __init__(self, parts: JoinedParts, loaders: Sequence[LoadAnomalyMask | None]) -> None:
        self.parts = parts
        self.loaders = loaders

    def __call__(self, index: int, info: Mapping[str, Any]) -> MapCounts:
        load = self.loaders[self.parts.number_at(index)]
        # A mask that cannot be read is told when it is measured by.
        with contextlib.suppress(DataError):
            return MapCounts() if load is None else soft_edges(load, info)
        return MapCounts()
