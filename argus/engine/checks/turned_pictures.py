"""Say before the first step or an evaluation where an EXIF orientation may part labels from pixels.

Some pictures of a data set are looked at, spread over it, by its loader's processes under their
time limit. Where the size of the annotations decides, or the config says it, nothing is told:
``tools/data/check.py`` looks at all pictures and counts those as well.
"""

import contextlib
from collections.abc import Mapping
from typing import Any

from mmengine.logging import MMLogger
from torch.utils.data import Dataset

from argus.datasets.census.entries import spread
from argus.datasets.checks.label_loaders import image_loader, stock_image_loader
from argus.datasets.checks.orientation import Turned, look_at, told
from argus.datasets.resilient import ResilientDataset
from argus.datasets.transforms.loading import LoadImage
from argus.datasets.transforms.orientation import UPRIGHT, orientation_of
from argus.datasets.transforms.reading import read_bytes
from argus.engine.distributed import by_first_process
from argus.engine.loading.fixed_order import FixedOrder
from argus.engine.loading.watched_loader import WatchedLoader
from argus.errors import DataError
from argus.tasks import EvalData, TrainData

_MOST_PICTURES = 256
_BATCH = 8
_TURNED = "turned"


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
    load = image_loader(data.dataset)
    if load.orientation is not None or not hasattr(dataset.dataset, "get_data_info"):
        return
    for text in by_first_process(lambda: _notes(dataset, data, load, most)):
        MMLogger.get_current_instance().warning(f"{where}: {text}")


def _notes(
    dataset: ResilientDataset, data: TrainData | EvalData, load: LoadImage, most: int
) -> list[str]:
    chosen = spread(len(dataset))[:most]
    looks = _Looks(dataset.dataset, load)
    loader = WatchedLoader(
        ResilientDataset(looks, task=dataset.task, seed=dataset.seed),
        batch_size=_BATCH,
        num_workers=data.num_workers,
        timeout=data.timeout,
        make_sampler=lambda start: FixedOrder(chosen[start * _BATCH :]),
    )
    turned = Turned()
    with contextlib.closing(loader.iterate()) as batches:
        for batch in batches:
            for found in batch[_TURNED]:
                turned.add(found)
    stock = stock_image_loader(data.dataset)
    wrong = turned.undecided
    if stock is not None:
        wrong = wrong + (turned.stored if stock.reads == "shown" else turned.shown)
    if not wrong:
        return []
    return [f"of {len(chosen):,} pictures, {text}" for text in told(turned, load, stock)]


class _Looks(Dataset[dict[str, Any]]):
    """How the picture of a sample is read, in its place."""

    def __init__(self, dataset: Any, load: LoadImage) -> None:
        self.dataset = dataset
        self.load = load

    def __len__(self) -> int:
        return len(self.dataset)

    def get_data_info(self, index: int) -> Mapping[str, Any]:
        """The entry of a sample, by which messages name it."""
        info: Mapping[str, Any] = self.dataset.get_data_info(index)
        return info

    def __getitem__(self, index: int) -> dict[str, Any]:
        return {_TURNED: self._look(self.get_data_info(index))}

    def _look(self, info: Mapping[str, Any]) -> Turned:
        path = info.get("img_path")
        if not isinstance(path, str) or "img" in info:
            return Turned()
        # A picture that cannot be read is told when it is drawn, or measured.
        with contextlib.suppress(DataError):
            if orientation_of(read_bytes(path, self.load.backend_args)) != UPRIGHT:
                return look_at(self.load.transform(dict(info)), self.load)
        return Turned()
