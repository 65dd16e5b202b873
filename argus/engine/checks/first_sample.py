"""Look at the first sample of a data set, or of each of its parts, as the decoder gets it."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from argus.datasets.build import transforms_of
from argus.datasets.joined_parts import JoinedParts
from argus.datasets.resilient import REPLACED, ResilientDataset
from argus.datasets.seeding import isolated_rng
from argus.datasets.stored_entries import parts_of
from argus.datasets.transforms.pack_tasks import PackTasks
from argus.engine.loading.fixed_order import FixedOrder
from argus.engine.loading.opencv_threads import without_threads_of_opencv
from argus.engine.loading.watched_loader import WatchedLoader
from argus.errors import ConfigError
from argus.tasks import EvalData, TrainData

_KEYS, _LABELS = "keys", "labels"


class _Keys(ResilientDataset):
    """The names of what a sample holds, in place of pictures and labels."""

    def __getitem__(self, key: int | tuple[int, int]) -> dict[str, Any]:
        sample = super().__getitem__(key)
        labels = sample.get("data_samples")
        return {
            _KEYS: [name for name in sample if name != REPLACED],
            _LABELS: list(labels) if isinstance(labels, Mapping) else type(labels).__name__,
            REPLACED: sample[REPLACED],
        }


def check_packed(
    dataset: ResilientDataset,
    data: TrainData | EvalData,
    *,
    where: str,
    tell: Callable[[str], None],
    tasks: Sequence[str] = (),
) -> None:
    """Refuse a pipeline that does not end with a packing transform, by its first sample.

    Of a joined data set by that of every part. It is loaded as all samples are, by a loader process
    under a time limit: one that ends its process or makes it hang is told, and in training another
    sample is taken.

    Args:
        dataset: With its pipeline.
        data: Its place in the task, which says how it is loaded.
        where: Its place in the config, for messages.
        tell: Takes what was wrong with samples that another one stands in for.
        tasks: Those that share the data; a task that no sample names would never be trained.

    Raises:
        ConfigError: Naming the transforms that pack, or the tasks.
        DataError: No sample can be loaded.
    """
    parts = JoinedParts(data.dataset, dataset.dataset)
    order = parts.first_samples()
    names = _Keys(dataset.dataset, task=dataset.task, seed=dataset.seed, strict=dataset.strict)
    loader = WatchedLoader(
        names,
        batch_size=1,
        num_workers=min(data.num_workers, 1),
        timeout=data.timeout,
        make_sampler=lambda start: FixedOrder(order[start:]),
    )
    # A loader draws a number, after which the weights would begin as others.
    with isolated_rng(0), without_threads_of_opencv():
        with contextlib.closing(loader.iterate()) as batches:
            found = list(batches)
    for index, batch in zip(order, found, strict=True):
        place = where + parts.parts[parts.number_at(index)].place
        for message in batch[REPLACED]:
            tell(f"{place}: {message}")
        (keys,), (labels,) = batch[_KEYS], batch[_LABELS]
        _check_keys(keys, place)
        if len(tasks) > 1:
            _check_tasks(labels, _packed_tasks(dataset.dataset), tasks, place)


def _check_keys(sample: list[str], where: str) -> None:
    """Whether a sample has a picture and labels."""
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


def _check_tasks(
    labels: list[str] | str, packed: list[str] | None, tasks: Sequence[str], where: str
) -> None:
    """Whether the samples of a stream name the labels of its tasks."""
    share = f"{where}: the tasks {', '.join(tasks)} share it, "
    remedy = f"PackTasks(packers=dict({', '.join(f'{task}=...' for task in tasks)}))"
    if isinstance(labels, str):
        raise ConfigError(
            f"{share}and its samples have labels of one, a {labels}: none of the tasks would be "
            f"trained. End the pipeline with {remedy}."
        )
    # More than these is fine: of a pipeline for many tasks some may be left out.
    lacking = sorted(set(tasks).difference(packed)) if packed is not None else list(tasks)
    if lacking and (packed is not None or not set(tasks) & set(labels)):
        raise ConfigError(
            f"{share}and its samples have labels of {', '.join(packed or labels)}: "
            f"{', '.join(lacking)} would never be trained. Name them alike: {remedy}."
        )


def _packed_tasks(dataset: Any) -> list[str] | None:
    """The tasks that a pipeline packs labels for; ``None`` if the data set has its own way."""
    packers = [
        transform.packers
        for part in parts_of(dataset)
        for transform in transforms_of(getattr(part, "pipeline", None))
        if isinstance(transform, PackTasks)
    ]
    return sorted(set().union(*packers)) if packers else None
