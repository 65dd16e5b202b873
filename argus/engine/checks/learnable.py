"""Refuse a task from which nothing can be learned, before its first step.

The first process counts for all. Label maps are read by the loader's processes, under its time
limit, and no more of them than it takes.
"""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mmcv.transforms import BaseTransform
from mmengine.logging import MMLogger

from argus.datasets.census.entries import entry_census, is_enough, spread
from argus.datasets.census.judgement import Census, judge
from argus.datasets.census.maps import MapCounts, count_maps, map_censuses
from argus.datasets.census.pipeline_maps import PipelineMaps, judging_loaders
from argus.datasets.joined_parts import JoinedParts
from argus.datasets.resilient import ResilientDataset
from argus.datasets.transforms.dense_labels import LoadDenseLabel
from argus.datasets.transforms.labels import IGNORE, LoadSegMap
from argus.engine.checks.some_samples import looked_at
from argus.engine.distributed import by_first_process
from argus.errors import DataError
from argus.tasks import EvalData, TrainData

# Counting ends when every class was seen in so many entries; or, if there is something to learn
# but some class was not seen, at the second number of entries, or of maps, which take longer.
_LEAST_ENTRIES, _MOST_ENTRIES, _MOST_MAPS = 1_000, 100_000, 1_000
# Maps that are looked at before their palettes are taken to agree, or for none.
_LEAST_MAPS = 100


def check_labels(
    dataset: ResilientDataset, data: TrainData, *, where: str, ignore: int = IGNORE
) -> None:
    """Count the labels of a training set; say which classes have none.

    All processes must call it; one counts, and all end if there is nothing to learn.

    Args:
        dataset: Built from ``data.dataset``; one without ``get_data_info`` is not looked at.
        data: Of the task.
        where: Its place in the config, for messages.
        ignore: The label of pixels that the decoder ignores.

    Raises:
        DataError: There is nothing to learn, with the likely cause.
    """
    if hasattr(dataset.dataset, "get_data_info"):
        by_first_process(lambda: _check_labels(dataset, data, where, ignore))


def _check_labels(dataset: ResilientDataset, data: TrainData, where: str, ignore: int) -> None:
    tell = MMLogger.get_current_instance().warning
    found = [_count_entries(dataset.dataset, data, lambda text: tell(f"{where}: {text}"))]
    found += count_label_maps(dataset, data, ignore, suffices=lambda c: is_enough(c, _MOST_MAPS))
    errors: list[str] = []
    for census in found:
        if census is None:
            continue
        wrong, odd = judge(census, learns=True)
        errors += wrong
        for text in odd:
            tell(f"{where}: {text}")
    if errors:
        raise DataError(f"{where}: " + "\n  ".join(errors))


def _count_entries(dataset: Any, data: TrainData, tell: Callable[[str], None]) -> Census | None:
    try:
        return entry_census(dataset, data.dataset, least=_LEAST_ENTRIES, most=_MOST_ENTRIES)
    except Exception as error:  # noqa: BLE001 - entries of a user's data set may have another form
        text = " ".join(str(error).split())[:200]
        tell(f"the labels in its entries were not counted ({type(error).__name__}: {text})")
        return None


class _Counts:
    """The numbers of the label maps of a sample."""

    def __init__(self, parts: JoinedParts, loaders: Sequence[Sequence[BaseTransform]]) -> None:
        self.parts = parts
        self.loaders = loaders

    def __call__(self, index: int, info: Mapping[str, Any]) -> MapCounts:
        counts = MapCounts()
        for load in self.loaders[self.parts.number_at(index)]:
            counts.add(count_maps(load, info))
        return counts


def count_label_maps(
    dataset: ResilientDataset,
    data: TrainData | EvalData,
    ignore: int,
    *,
    suffices: Callable[[Census], bool],
) -> list[Census]:
    """Count what label maps hold, in the loader's processes.

    Args:
        dataset: Built from ``data.dataset``, with ``get_data_info``.
        data: Of the task.
        ignore: The label of pixels that the decoder ignores.
        suffices: Whether enough maps were read for a census.
    """
    parts = JoinedParts(data.dataset, dataset.dataset)
    loaders = [
        [
            load
            for load in judging_loaders(part, ignore=ignore)
            if isinstance(load, (LoadSegMap, LoadDenseLabel, PipelineMaps))
        ]
        for part in parts.parts
    ]
    if not any(loaders):
        return []
    number = len(dataset)
    order = spread(number)  # which follows no folder
    counts, num_seen = MapCounts(), 0
    censuses: list[Census] = []
    look = _Counts(parts, loaders)
    with contextlib.closing(looked_at(dataset, data, look, order)) as batches:
        for batch in batches:
            for found in batch:
                counts.add(found)
            num_seen += len(batch)
            censuses = map_censuses(
                counts, dataset.metainfo, num_seen=num_seen, num_all=number, ignore=ignore
            )
            is_by_index = counts.palettes.num_maps or counts.palettes.num_plain
            least = _LEAST_MAPS if is_by_index and isinstance(data, TrainData) else 0
            if num_seen >= least and censuses and all(map(suffices, censuses)):
                break
    return censuses
