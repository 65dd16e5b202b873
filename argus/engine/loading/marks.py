"""What each loader process is at work on, so that a sample that ends or stops one has a name."""

from collections.abc import Sequence
from typing import Any

import torch
from torch.utils.data import Dataset, get_worker_info

from argus.datasets.resilient import ResilientDataset, collate
from argus.errors import ConfigError, DataError

ERROR = "error"


class MarkedDataset(Dataset[dict[str, Any]]):
    """Note each sample before it is loaded, in memory that the training process sees.

    An error of Argus's own is handed over as a value: an exception would reach the training with
    the traceback of the loader process in its text.

    Args:
        dataset: Gives the samples.
        num_workers: Loader processes.
    """

    def __init__(self, dataset: ResilientDataset, num_workers: int) -> None:
        self.dataset = dataset
        self._marks = torch.zeros(num_workers, 3, dtype=torch.int64).share_memory_()

    @property
    def metainfo(self) -> dict[str, Any]:
        """Classes, palette and the like."""
        return self.dataset.metainfo

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, key: int | tuple[int, int]) -> dict[str, Any]:
        worker = get_worker_info()
        if worker is None:
            return self.dataset[key]
        draw, index = key if isinstance(key, tuple) else (key, key)
        mark = self._marks[worker.id]
        mark[1], mark[2] = draw, index
        mark[0] = 1
        try:
            sample = self.dataset[key]
        except (ConfigError, DataError) as error:
            sample = {ERROR: error}
        mark[0] = 0  # not in a finally: sys.exit, too, ends the process at work on this sample
        return sample

    def at_work(self) -> dict[int, tuple[int, int]]:
        """``(draw, index)`` of the sample that each loader process is at work on, by its number."""
        return {
            worker: (draw, index)
            for worker, (busy, draw, index) in enumerate(self._marks.tolist())
            if busy
        }

    def forget(self) -> None:
        """Take all marks away; for when the processes are gone."""
        self._marks.zero_()


def collate_or_fail(samples: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The batch, or under ``error`` what went wrong with the first sample that failed."""
    failed = next((sample for sample in samples if ERROR in sample), None)
    return failed if failed is not None else collate(samples)
