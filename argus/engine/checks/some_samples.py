"""Look at some samples of a data set in the loader's processes, under their time limit."""

import contextlib
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

from torch.utils.data import Dataset

from argus.datasets.resilient import ResilientDataset
from argus.engine.loading.fixed_order import FixedOrder
from argus.engine.loading.watched_loader import WatchedLoader
from argus.tasks import EvalData, TrainData

_BATCH = 8
_FOUND = "found"

Look = Callable[[int, Mapping[str, Any]], Any]
"""What is asked of a sample: its number in the data set, and its entry."""


class _Looks(Dataset[dict[str, Any]]):
    """What is found in every sample, in place of pictures and labels."""

    def __init__(self, dataset: Any, look: Look) -> None:
        self.dataset = dataset
        self.look = look

    def __len__(self) -> int:
        return len(self.dataset)

    def get_data_info(self, index: int) -> Mapping[str, Any]:
        """The entry of a sample, by which messages name it."""
        info: Mapping[str, Any] = self.dataset.get_data_info(index)
        return info

    def __getitem__(self, index: int) -> dict[str, Any]:
        return {_FOUND: self.look(index, self.get_data_info(index))}


def looked_at(
    dataset: ResilientDataset, data: TrainData | EvalData, look: Look, order: Sequence[int]
) -> Generator[list[Any], None, None]:
    """What is found in samples, some at a time; the processes end with the iteration.

    Args:
        dataset: Built from ``data.dataset``, with ``get_data_info``.
        data: Of the task, which says how many processes load it, and their time limit.
        look: What is asked; it goes to the processes.
        order: The samples.
    """
    loader = WatchedLoader(
        ResilientDataset(_Looks(dataset.dataset, look), task=dataset.task, seed=dataset.seed),
        batch_size=_BATCH,
        num_workers=data.num_workers,
        timeout=data.timeout,
        make_sampler=lambda start: FixedOrder(order[start * _BATCH :]),
    )
    with contextlib.closing(loader.iterate()) as batches:
        for batch in batches:
            yield batch[_FOUND]
