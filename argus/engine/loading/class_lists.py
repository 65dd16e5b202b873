"""The classes of each task of a run, in the order of its decoder's outputs.

The order is that of the checkpoint which the weights come from; else what the task's ``classes``
say; else that of the training data, or of the first data that say any. Data that list the same
classes in another order are numbered anew as they are loaded.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mmengine.logging import MMLogger

from argus.datasets.classes.names import class_names_of
from argus.datasets.resilient import ResilientDataset
from argus.errors import DataError
from argus.names.classes import ClassNames, order_of, told_order
from argus.names.wording import folded, listed
from argus.tasks import Task
from argus.tasks.label_counts import check_names
from argus.tasks.stated_labels import label_counts, scopes_of, stated_labels


class ClassLists:
    """Class names by task.

    Args:
        tasks: The tasks of the run.
    """

    def __init__(self, tasks: Mapping[str, Task]) -> None:
        self._tasks = tasks
        self._told: dict[str, list[int]] = {}
        self._lists = {
            name: ClassNames(names=tuple(task.classes), source=f"tasks.{name}.classes")
            for name, task in tasks.items()
            if task.classes
        }

    def names(self, task: str) -> tuple[str, ...]:
        """Names of a task's classes by label; empty if there are none, or only keypoints."""
        found = self._lists.get(task)
        return () if found is None or found.are_keypoints else found.names

    def fit(
        self, task: str, dataset: ResilientDataset, *, where: str, is_train: bool = False
    ) -> None:
        """Let the labels of a task's own data follow its list, or begin the list with them.

        Args:
            task: Its name.
            dataset: Data of this task alone.
            where: Place of the data set in the config, for messages.
            is_train: Whether they are its training data.

        Raises:
            DataError: The data have other classes, or not as many as the decoder has outputs.
        """
        own = class_names_of(dataset.dataset, where=where)
        decoder = self._tasks[task].decoder
        if own is None or not check_names(own, decoder, f"tasks.{task}.decoder"):
            return  # labels have no names, or are no classes
        reference = self._lists.get(task)
        if reference is None:
            reference = own if is_train else self._stated(task, own) or own
            self._lists[task] = reference
        order = order_of(own, reference, task=task)
        if order is not None and self._told.get(where) != order:
            self._told[where] = order
            MMLogger.get_current_instance().info(told_order(own, reference))
        dataset.renumber(order)

    def fit_shared(self, tasks: tuple[str, ...], dataset: ResilientDataset, *, source: str) -> None:
        """Let the labels of several tasks in one data set follow their lists, where it names them.

        Such a data set names the classes of one of its tasks, or all and the things among them. For
        the other tasks it may write them otherwise, in case and punctuation or altogether, so that
        it begins no list of theirs. Where most names agree, each in its place, the numbers do.

        Args:
            tasks: Names of the tasks.
            dataset: Their training data.
            source: The task whose training data they are.

        Raises:
            DataError: It has other classes than the list of its own task, or some, but not all, of
                those of another.
        """
        meta = dataset.dataset.metainfo
        lists = [tuple(meta.get(key) or ()) for key in ("classes", "thing_classes")]
        for task in tasks:
            number = self._num_labels(task)
            names = next((names for names in lists if names and len(names) == number), None)
            if not names:
                continue
            own = ClassNames(names=names, source=f"tasks.{source}.train.dataset")
            if task == source:
                self._lists.setdefault(task, own)
            reference = self._lists.get(task)
            if reference is None:
                continue
            written = {folded(name): name for name in reference.names}
            found = tuple(written.get(folded(name), name) for name in own.names)
            common = set(found) & set(reference.names)
            if task != source and common and _agree_by_place(found, reference.names):
                continue  # the rest of the names is written otherwise, as in ADE20K's two lists
            if task == source or len(common) > 1:  # names such as "background" are in many lists
                order = order_of(replace(own, names=found), reference, task=task)
                dataset.renumber(order, task=task)
            elif self._told.get(f"{task} in {source}") is None:
                self._told[f"{task} in {source}"] = []
                MMLogger.get_current_instance().warning(
                    f"{own.source} names the classes of another task ({listed(own.names)}) than "
                    f"{task!r} ({listed(reference.names)}): its labels of {task!r} are taken as "
                    "they are numbered there"
                )

    def take(self, stored: Mapping[str, Any], *, path: str, is_strict: bool) -> list[str]:
        """Let the lists be those of a checkpoint, whose weights have been loaded.

        Args:
            stored: Names by task.
            path: The checkpoint, for messages.
            is_strict: Whether other classes are an error; they are taken for the new ones of a
                training that begins with its weights, if not.

        Returns:
            Sentences to be logged.

        Raises:
            DataError: The run has other classes.
        """
        notes = []
        for task, names in stored.items():
            if task not in self._tasks:
                continue
            new = ClassNames(names=tuple(names), source=path)
            old = self._lists.get(task)
            try:
                if old is not None:
                    order_of(old, new, task=task)
            except DataError as error:
                if is_strict:
                    raise
                notes.append(f"the weights begin with those of other classes: {error}")
            else:
                self._lists[task] = new
        return notes

    def _num_labels(self, task: str) -> int | None:
        counts = dict(label_counts(self._tasks[task].decoder, ""))
        return next(iter(counts.values()), None)

    def _stated(self, task: str, own: ClassNames) -> ClassNames | None:
        """The list of the training data by their config: in a test they need not be there."""
        data, scopes = self._tasks[task].train, scopes_of(self._tasks[task].decoder["type"])
        labels = stated_labels(data.dataset, scopes) if data is not None else None
        if labels is None or not labels.is_stated or set(labels.names) != set(own.names):
            return None
        return ClassNames(names=labels.names, source=f"tasks.{task}.train.dataset")


def _agree_by_place(own: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    """Whether most names are the same in the same place, and none of them is in another place."""
    same = sum(a == b for a, b in zip(own, wanted, strict=True))
    return 2 * same > len(own) and same == len(set(own) & set(wanted))


def take_classes(
    runner: Any, checkpoint: Mapping[str, Any], path: str, *, is_strict: bool
) -> list[str]:
    """Number the classes of a run as the weights do that it has loaded.

    Args:
        runner: The runner.
        checkpoint: The checkpoint of the weights.
        path: Of it, for messages.
        is_strict: As for :meth:`ClassLists.take`.

    Returns:
        Sentences to be logged.

    Raises:
        DataError: The run has other classes.
    """
    notes = runner.classes.take(stored_classes(checkpoint), path=str(path), is_strict=is_strict)
    if runner.training:
        runner.train_loop.dataloader.follow_classes()
    return notes


def stored_classes(checkpoint: Mapping[str, Any]) -> dict[str, list[str]]:
    """Class names by task that a checkpoint has."""
    model = (checkpoint.get("meta") or {}).get("model") or {}
    tasks = model.get("tasks") or {}
    return {name: list(task["classes"]) for name, task in tasks.items() if task.get("classes")}
