"""Look at the first sample of a data set, as the decoder of its task gets it."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import cv2

from argus.datasets.resilient import REPLACED, ResilientDataset
from argus.datasets.seeding import isolated_rng
from argus.engine.loading.fixed_order import FixedOrder
from argus.engine.loading.watched_loader import WatchedLoader
from argus.errors import ConfigError
from argus.tasks import EvalData, TrainData

_KEYS = "keys"


class _Keys(ResilientDataset):
    """The names of what a sample holds, in place of pictures and labels."""

    def __getitem__(self, key: int | tuple[int, int]) -> dict[str, Any]:
        sample = super().__getitem__(key)
        return {_KEYS: [name for name in sample if name != REPLACED], REPLACED: sample[REPLACED]}


def check_packed(
    dataset: ResilientDataset,
    data: TrainData | EvalData,
    *,
    where: str,
    tell: Callable[[str], None],
) -> None:
    """Refuse a pipeline that does not end with a packing transform, by its first sample.

    That is loaded as all samples are, by a loader process under a time limit: one that ends its
    process or makes it hang is told, and in training another sample is taken.

    Args:
        dataset: With its pipeline.
        data: Its place in the task, which says how it is loaded.
        where: Its place in the config, for messages.
        tell: Takes what was wrong with samples that another one stands in for.

    Raises:
        ConfigError: Naming the transforms that pack.
        DataError: No sample can be loaded.
    """
    names = _Keys(dataset.dataset, task=dataset.task, seed=dataset.seed, strict=dataset.strict)
    loader = WatchedLoader(
        names,
        batch_size=1,
        num_workers=min(data.num_workers, 1),
        timeout=data.timeout,
        make_sampler=lambda start: FixedOrder(range(1)),
    )
    # A loader draws a number, after which the weights would begin as others.
    with isolated_rng(0), without_threads_of_opencv():
        with contextlib.closing(loader.iterate()) as batches:
            batch = next(batches)
    for message in batch[REPLACED]:
        tell(f"{where}: {message}")
    (sample,) = batch[_KEYS]
    missing = [key for key in ("inputs", "data_samples") if key not in sample]
    if missing == ["inputs"]:
        raise ConfigError(
            f"{where}: its pipeline gives data_samples, but no image. Begin it with LoadImage."
        )
    if missing:
        found = ", ".join(map(str, sample))
        raise ConfigError(
            f"{where}: its pipeline gives {found}, but no {' and no '.join(map(repr, missing))}. "
            "End it with the packing transform of the decoder's library: PackDetInputs (mmdet), "
            "PackSegInputs (mmseg), PackPoseInputs (mmpose), PackInputs (mmpretrain), PackDense "
            "(Argus), or PackTasks for tasks that share a stream."
        )


@contextlib.contextmanager
def without_threads_of_opencv() -> Iterator[None]:
    """Keep OpenCV's threads from starting here: loader processes forked later would wait for them.

    For ever, since threads do not survive a fork.
    """
    number = cv2.getNumThreads()
    cv2.setNumThreads(0)
    try:
        yield
    finally:
        cv2.setNumThreads(number)
