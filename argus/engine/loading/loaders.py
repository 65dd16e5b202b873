"""Data loaders of all tasks: endless for training, one pass for evaluation."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mmengine.dist import get_rank, get_world_size
from mmengine.logging import MMLogger

from argus.datasets.build import build_dataset
from argus.datasets.resilient import ResilientDataset
from argus.datasets.samplers import TaskSampler, class_balanced_weights
from argus.datasets.seeding import isolated_rng, stable_seed
from argus.engine.checks.first_sample import check_packed
from argus.engine.checks.learnable import check_labels
from argus.engine.checks.present_files import check_files_there
from argus.engine.checks.soft_masks import tell_of_soft_masks
from argus.engine.checks.turned_pictures import tell_of_turned
from argus.engine.loading.budget import SharedBudget, share_budgets
from argus.engine.loading.class_lists import ClassLists
from argus.engine.loading.dataset_scope import dataset_scope
from argus.engine.loading.fixed_order import FixedOrder
from argus.engine.loading.opencv_threads import without_threads_of_opencv
from argus.engine.loading.watched_loader import WatchedLoader
from argus.errors import ConfigError
from argus.models.foreign import library_of, library_scope
from argus.names.wording import counted
from argus.tasks import EvalData, Task, TrainData, streams_of
from argus.tasks.ignored_label import ignored_label


def guarded_dataset(
    config: Mapping[str, Any],
    *,
    task: str,
    part: str,
    seed: int,
    strict: bool,
    learners: Mapping[str, Mapping[str, Any]] | None = None,
) -> ResilientDataset:
    """Build a data set in its library's scope and guard its samples.

    A bare name that neither Argus nor mmengine knows is looked up in the scope the caller is in.
    ``learners`` are the decoders of the tasks that learn from it.

    Raises:
        ConfigError: If a path of it does not exist.
        DataError: If its annotations cannot be read or it has no samples.
    """
    where = f"tasks.{task}.{part}.dataset"
    tell = MMLogger.get_current_instance().warning
    with dataset_scope(config) as config:
        built = build_dataset(
            config,
            where=where,
            tell=lambda text: tell(f"{where}: {text}"),
            learners=learners,
        )
    return ResilientDataset(built, task=task, seed=seed, strict=strict)


def build_eval_loader(data: EvalData, *, task: str, part: str, seed: int) -> WatchedLoader:
    """One pass over an evaluation set, split over the processes."""
    dataset = guarded_dataset(data.dataset, task=task, part=part, seed=seed, strict=True)
    where = f"tasks.{task}.{part}.dataset"
    check_files_there(dataset, data, where=where)
    check_packed(dataset, data, where=where, tell=MMLogger.get_current_instance().warning)
    with isolated_rng(0), without_threads_of_opencv():
        tell_of_turned(dataset, data, where=where)
        tell_of_soft_masks(dataset, data, where=where)
    # A sample is seen by one process.
    sampler = FixedOrder(range(get_rank(), len(dataset), get_world_size()))
    return WatchedLoader(
        dataset,
        batch_size=data.batch_size,
        num_workers=data.num_workers,
        timeout=data.timeout,
        make_sampler=lambda start: sampler,
    )


class MultitaskLoader:
    """Endless iterator over ``{stream: batch}``, one batch of every stream per step.

    A stream's order is a function of the seed alone; :meth:`set_start` reaches any batch without
    loading what lies before, which makes a resumed run see what an uninterrupted one would.

    Args:
        tasks: The tasks; those with ``train`` give the streams.
        seed: Seed of the run.
        classes: Classes of the tasks, which labels follow; those of the data begin them.
    """

    def __init__(
        self, tasks: Mapping[str, Task], *, seed: int, classes: ClassLists | None = None
    ) -> None:
        self.classes = ClassLists(tasks) if classes is None else classes
        self.members = streams_of(tasks)
        # Sorted, as streams_of has them.
        found = {t.stream: t for t in tasks.values() if t.train is not None}
        self.sources = dict(sorted(found.items()))
        if not self.sources:
            raise ConfigError("no task has train data: expected train=dict(dataset=..., ...).")
        self.datasets: dict[str, ResilientDataset] = {}
        self.samplers: dict[str, TaskSampler] = {}
        self.loaders: dict[str, WatchedLoader] = {}
        self.budgets: dict[str, SharedBudget] = {}
        self._decoders = {name: task.decoder for name, task in tasks.items()}
        # Called every few seconds while a batch does not come.
        self.while_waiting: Callable[[], None] | None = None
        self._start: dict[str, int] = dict.fromkeys(self.sources, 0)
        for stream, task in self.sources.items():
            assert task.train is not None
            with library_scope(library_of(task.decoder["type"])):
                self._add_stream(stream, task.name, task.train, seed)
        self.follow_classes()

    def follow_classes(self) -> None:
        """Number the labels of all data as the lists of the tasks' classes are now.

        Raises:
            DataError: Data have other classes than the list of their task.
        """
        for stream, dataset in self.datasets.items():
            members = self.members[stream]
            if len(members) > 1:
                source = self.sources[stream].name
                self.classes.fit_shared(members, dataset, source=source)
            else:
                where = f"tasks.{members[0]}.train.dataset"
                self.classes.fit(members[0], dataset, where=where, is_train=True)

    def _add_stream(self, stream: str, task: str, data: TrainData, seed: int) -> None:
        learners = {name: self._decoders[name] for name in self.members[stream]}
        dataset = guarded_dataset(
            data.dataset, task=task, part="train", seed=seed, strict=False, learners=learners
        )
        where = f"tasks.{task}.train.dataset"
        check_files_there(dataset, data, where=where)
        tell = MMLogger.get_current_instance().warning
        check_packed(dataset, data, where=where, tell=tell, tasks=self.members[stream])
        with isolated_rng(0), without_threads_of_opencv():
            ignore = ignored_label(self.sources[stream].decoder)
            check_labels(dataset, data, where=where, ignore=ignore)
            tell_of_turned(dataset, data, where=where)
            tell_of_soft_masks(dataset, data, where=where)
        weights = None
        if data.sampling == "balanced":
            categories = [dataset.get_cat_ids(index) for index in range(len(dataset))]
            weights = class_balanced_weights(categories, power=data.balance_power)
        stream_seed = stable_seed(seed, stream)
        # Data in shards are read by an order that keeps together what lies together.
        own_order = getattr(dataset.dataset, "epoch_order", lambda seed: None)
        sampler = TaskSampler(
            len(dataset),
            data.batch_size,
            seed=stream_seed,
            rank=get_rank(),
            world_size=get_world_size(),
            sampling=data.sampling,
            weights=weights,
            order=own_order(stream_seed),
        )
        self.datasets[stream], self.samplers[stream] = dataset, sampler
        self.budgets[stream] = SharedBudget(task, max_share=data.max_bad_share)

        def begin_at(step: int) -> TaskSampler:
            sampler.set_start(step)
            return sampler

        self.loaders[stream] = WatchedLoader(
            dataset,
            batch_size=data.batch_size,
            num_workers=data.num_workers,
            timeout=data.timeout,
            make_sampler=begin_at,
        )

    def keys(self, batches: Mapping[str, int]) -> dict[str, list[tuple[int, int]]]:
        """``(draw, index)`` of the samples of this process in a batch (0-based) of each stream."""
        return {stream: self.samplers[stream].keys(batch) for stream, batch in batches.items()}

    @property
    def images_per_step(self) -> int:
        """Images of all streams and processes in one step."""
        return sum(sampler.global_batch_size for sampler in self.samplers.values())

    def __len__(self) -> int:
        """Steps in which the longest stream is seen once; the iterator itself never ends."""
        return max(
            math.ceil(sampler.num_samples / sampler.global_batch_size)
            for sampler in self.samplers.values()
        )

    @property
    def batch_sizes(self) -> dict[str, int]:
        """Images of each stream in one batch of all processes."""
        return {name: sampler.global_batch_size for name, sampler in self.samplers.items()}

    def differences(self, batch_sizes: Mapping[str, int]) -> list[str]:
        """Sentences about the streams whose batches had another size in the run to go on from."""
        return [
            f"a batch of {name} had {counted(batch_sizes[name], 'image')} and has {size}: the "
            "order of its samples goes on from another place"
            for name, size in self.batch_sizes.items()
            if batch_sizes.get(name, size) != size
        ]

    def set_start(self, start: Mapping[str, int]) -> None:
        """Begin the next iteration of each stream at a batch (0-based) of its own."""
        self._start = dict(start)

    def iterators(self) -> dict[str, Iterator[dict[str, list[Any]]]]:
        """An endless iterator over the batches of each stream, which can be taken at any rate."""
        return {
            stream: loader.iterate(self._start[stream], while_waiting=self.while_waiting)
            for stream, loader in self.loaders.items()
        }

    def __iter__(self) -> Iterator[dict[str, dict[str, list[Any]]]]:
        iterators = self.iterators()
        while True:
            yield {stream: next(iterator) for stream, iterator in iterators.items()}

    def share_bad_samples(self) -> None:
        """Count the bad samples that other processes met; all of them must call it.

        Raises:
            DataError: More bad samples of a task than accepted.
        """
        share_budgets(self.budgets)

    def state_dict(self) -> dict[str, Any]:
        """Counts of bad samples, for the checkpoint; the order needs only the step.

        They are those of all processes as of the last :meth:`share_bad_samples`, and since then
        those of this one.
        """
        return {stream: budget.state_dict() for stream, budget in self.budgets.items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore :meth:`state_dict`; streams that are new start at zero."""
        for stream, budget in self.budgets.items():
            if stream in state:
                budget.load_state_dict(state[stream])
