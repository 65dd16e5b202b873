"""The parts of every task in the configs name the same classes, in one order."""

from collections.abc import Sequence
from pathlib import Path

from argus.datasets.resilient import ResilientDataset
from argus.engine.loading.class_lists import ClassLists
from argus.tasks import Task, parse_tasks, streams_of
from argus.tasks.stated_labels import stated_labels
from tests.test_configs import needs_every_config, read


class Named:
    """Stands for a data set that says what its labels mean."""

    def __init__(self, config: dict) -> None:
        labels = stated_labels(config, ["argus"])
        names = dict(classes=labels.names) if labels is not None and labels.names else {}
        meta = dict(getattr(config["type"], "METAINFO", None) or {})
        meta.update(config.get("metainfo") or {})
        meta.pop("classes", None)
        self.metainfo = meta | names

    def __getitem__(self, index: int) -> None:
        raise AssertionError("not to be loaded")


class Watched(ResilientDataset):
    """Knows whether its classes were given other numbers."""

    is_renumbered = False

    def renumber(self, order: Sequence[int] | None, *, task: str = "") -> None:
        self.is_renumbered |= order is not None
        super().renumber(order, task=task)


@needs_every_config
def test_config__parts_name_the_same_classes_in_one_order(path: Path) -> None:
    tasks = parse_tasks(read(path).tasks)
    lists = ClassLists(tasks)

    def look(task: Task, part: str) -> Watched:
        config = getattr(task, part).dataset
        return Watched(Named(config), task=task.name, seed=0)

    train = {task.stream: (task, look(task, "train")) for task in tasks.values() if task.train}
    for stream, members in streams_of(tasks).items():
        source, dataset = train[stream]
        if len(members) > 1:
            lists.fit_shared(members, dataset, source=source.name)
        else:
            lists.fit(source.name, dataset, where="train", is_train=True)
    for task in tasks.values():
        for part in ("val", "test"):
            if getattr(task, part) is not None:
                dataset = look(task, part)
                lists.fit(task.name, dataset, where=part)
                assert not dataset.is_renumbered
    for members in streams_of(tasks).values():
        source, dataset = train[tasks[members[0]].stream]
        if len(members) > 1:
            lists.fit_shared(members, dataset, source=source.name)
            assert not dataset.is_renumbered
