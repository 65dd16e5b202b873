"""Data that list the classes in another order train, measure and resume to the same numbers."""

import copy
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from mmengine.config import Config
from mmpretrain.structures import DataSample

from argus.engine import MultitaskRunner
from argus.engine.loading.class_lists import ClassLists
from argus.errors import ConfigError, DataError
from argus.registry import DATASETS
from argus.tasks import parse_tasks
from tests.engine.toy_training import train
from tests.toy import (
    ToyBoth,
    ToyClassification,
    ToySegmentation,
    segmentation_sample,
    toy_config,
    toy_tasks,
)

NAMES = ("red", "green", "blue")
OTHER = ("blue", "red", "green")
# So long that a wrong number for a class would be seen in the metrics.
STEPS = dict(
    train_cfg=dict(max_iters=60),
    optim_wrapper=dict(optimizer=dict(type="AdamW", lr=2e-2)),
    default_hooks=dict(
        logger=dict(type="argus.ProgressHook", interval=60),
        checkpoint=dict(type="argus.CheckpointHook", interval=30),
    ),
)

# Where two trainings are compared with each other.
FEW = STEPS | dict(
    train_cfg=dict(max_iters=10),
    default_hooks=STEPS["default_hooks"]
    | dict(checkpoint=dict(type="argus.CheckpointHook", interval=10)),
)


class Named:
    """Labels follow a list of names."""

    def __init__(self, names: Any = NAMES, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.names = tuple(names)

    @property
    def metainfo(self) -> dict[str, Any]:
        return dict(classes=self.names)

    def label(self, index: int) -> int:
        name = NAMES[index % len(NAMES)]
        return self.names.index(name) if name in self.names else 0


@DATASETS.register_module()
class NamedClassification(Named, ToyClassification):
    def __getitem__(self, index: int) -> dict[str, Any]:
        sample = super().__getitem__(index)
        return sample | dict(data_samples=DataSample().set_gt_label(self.label(index)))


@DATASETS.register_module()
class NamedSegmentation(Named, ToySegmentation):
    def __getitem__(self, index: int) -> dict[str, Any]:
        sample = super().__getitem__(index)
        return sample | dict(data_samples=segmentation_sample(self.label(index), self.size))


@DATASETS.register_module()
class NamedBoth(Named, ToyBoth):
    """The labels of two tasks, of which the file names one list."""

    def __getitem__(self, index: int) -> dict[str, Any]:
        sample, label = super().__getitem__(index), self.label(index)
        sample["data_samples"]["classification"].set_gt_label(label)
        if "semantic" in sample["data_samples"]:
            sample["data_samples"]["semantic"] = segmentation_sample(label, self.size)
        return sample


def tasks(train_names: Any = NAMES, val_names: Any = NAMES, **changes: Any) -> dict[str, Any]:
    found = toy_tasks()
    for name, kind in (("semantic", NamedSegmentation), ("classification", NamedClassification)):
        task = found[name]
        task["train"]["dataset"].update(type=kind.__name__, names=train_names)
        task["val"]["dataset"].update(type=kind.__name__, names=val_names)
        task.update(copy.deepcopy(changes))
    return found


def run(work_dir: Path, **changes: Any) -> tuple[list[dict[str, float]], dict[str, float]]:
    """Losses of each step and the metrics after the last."""
    losses, runner = train(work_dir, **STEPS | changes)
    return losses, runner.val_loop.run()


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    losses, metrics = run(tmp_path_factory.mktemp("expected"), tasks=tasks())
    assert min(metrics["classification/top1"], metrics["semantic/mIoU"]) > 0.6
    return losses, metrics


@pytest.fixture(scope="module")
def half(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Work dir of a training that stopped at step 30 of 60; not to be written to."""
    folder = tmp_path_factory.mktemp("half") / "work"
    train(folder, stop_after=30, tasks=tasks(), **STEPS)
    return folder


@pytest.mark.parametrize(
    "options",
    [
        dict(val_names=OTHER),
        dict(train_names=OTHER, classes=NAMES),
        dict(train_names=OTHER, val_names=NAMES[::-1], classes=NAMES),
    ],
    ids=str,
)
def test_order__of_a_part_changes_no_number(tmp_path, expected, options):
    assert run(tmp_path, tasks=tasks(**options)) == expected


def test_order__of_all_parts_changes_what_a_label_is(tmp_path, expected):
    losses, _ = run(tmp_path, tasks=tasks(OTHER, OTHER), **FEW)
    assert all(one != other for one, other in zip(losses, expected[0], strict=False))


@pytest.mark.parametrize("part", ["val", "test"])
def test_other_classes__are_an_error_before_the_first_step(tmp_path, part):
    found = tasks()
    found["semantic"]["test"] = copy.deepcopy(found["semantic"]["val"])
    found["semantic"][part]["dataset"]["names"] = ("red", "green", "violet")
    with pytest.raises(DataError) as error:
        train(tmp_path, tasks=found)
    for text in (
        "task 'semantic'",
        "tasks.semantic.train.dataset: red, green, blue",
        f"tasks.semantic.{part}.dataset: red, green, violet",
        "blue only in the first and violet only in the second",
    ):
        assert text in str(error.value)
    assert not list(tmp_path.glob("*.pth"))


def test_test_data__that_are_not_there_are_told(tmp_path, capsys):
    found = tasks()
    found["semantic"]["test"] = copy.deepcopy(found["semantic"]["val"])
    found["semantic"]["test"]["dataset"]["data_root"] = str(tmp_path / "nowhere")
    train(tmp_path, tasks=found, stop_after=1)
    assert (
        "tasks.semantic.test.dataset: not there, so its classes were not" in capsys.readouterr().out
    )


def test_number__of_names_and_outputs_differ(tmp_path):
    with pytest.raises(DataError, match=r"num_classes is 3, but .*train.* 2 labels: red"):
        train(tmp_path, tasks=tasks(("red", "green"), ("red", "green")))
    with pytest.raises(ConfigError, match=r"classes has 2 names \(red, green\), but .* is 3"):
        train(tmp_path, tasks=tasks(classes=("red", "green")))
    with pytest.raises(ConfigError, match="expected a list of names, found 'red'"):
        train(tmp_path, tasks=tasks(classes="red"))


def stored(path: Path) -> dict[str, Any]:
    model = torch.load(path, weights_only=True)["meta"]["model"]
    return {name: task["classes"] for name, task in model["tasks"].items()}


def test_checkpoint__keeps_the_names_and_other_data_are_measured_by_them(tmp_path, expected):
    run(tmp_path, tasks=tasks(OTHER, NAMES))
    assert stored(tmp_path / "iter_60.pth") == dict(semantic=[*OTHER], classification=[*OTHER])
    found = []
    for names in (NAMES, OTHER):
        # The training data of another machine are not asked.
        found.append(measure(tmp_path / "iter_60.pth", tasks=tasks(names, names)))
    assert found[0] == found[1] and found[0]["classification/top1"] > 0.6
    with pytest.raises(DataError, match=r"iter_60.pth: blue, red, green\n.* violet"):
        measure(tmp_path / "iter_60.pth", tasks=tasks(OTHER, ("red", "green", "violet")))


def measure(checkpoint: Path, **changes: Any) -> dict[str, float]:
    config = Config(toy_config(checkpoint.parent / "test", load_from=str(checkpoint), **changes))
    config.train_cfg = None
    return MultitaskRunner.from_cfg(config).test()


@pytest.mark.parametrize("how", ["resume", "load_from"])
def test_resume__with_the_classes_in_another_order_goes_on_alike(tmp_path, expected, half, how):
    if how == "resume":
        folder = shutil.copytree(half, tmp_path / "work")
        losses, runner = train(folder, resume=True, tasks=tasks(OTHER, NAMES[::-1]), **STEPS)
        assert losses == expected[0][30:]
        assert runner.val_loop.run() == expected[1]
        assert stored(folder / "iter_60.pth")["semantic"] == [*NAMES]
        return
    found = []
    for names in (NAMES, OTHER):
        options = dict(tasks=tasks(names, names), load_from=str(half / "iter_30.pth"), **FEW)
        losses, runner = train(tmp_path / names[0], **options)
        found.append((losses, runner.val_loop.run()))
    assert found[0] == found[1]


def test_resume__with_other_classes_is_refused_and_new_ones_begin_with_a_warning(
    tmp_path, half, capsys
):
    other = ("cyan", "magenta", "yellow")
    folder = shutil.copytree(half, tmp_path / "work")
    with pytest.raises(DataError, match=r"cyan, magenta.*\n.*iter_30.pth: red|iter_30.pth: red"):
        train(folder, resume=True, tasks=tasks(other, other), **STEPS)
    options = dict(tasks=tasks(other, other), load_from=str(folder / "iter_30.pth"))
    train(tmp_path / "new", **options, **FEW)
    assert "the weights begin with those of other classes" in capsys.readouterr().out
    assert stored(tmp_path / "new/iter_10.pth")["semantic"] == [*other]


def test_stream__of_several_tasks_follows_their_lists(tmp_path):
    def shared(train_names: Any, **changes: Any) -> dict[str, Any]:
        found = tasks(**changes)
        for task in found.values():
            task["stream"] = "both"
        del found["semantic"]["train"]
        found["classification"]["train"]["dataset"].update(type="NamedBoth", names=train_names)
        return found

    one = run(tmp_path / "one", tasks=shared(NAMES), **FEW)
    # The semantic task has its order from validation, the other one from the training data.
    assert run(tmp_path / "two", tasks=shared(OTHER, classes=NAMES), **FEW) == one


def test_stream__names_of_another_task_are_found_in_whatever_writing_or_refused():
    def lists(names: tuple[str, ...]) -> Any:
        parsed = parse_tasks(toy_tasks(semantic=dict(classes=("red", "green", "dark blue"))))
        found = ClassLists(parsed)
        inner = SimpleNamespace(metainfo=dict(classes=names))
        dataset = SimpleNamespace(dataset=inner, orders={})
        dataset.renumber = lambda order, task: dataset.orders.update({task: order})
        found.fit_shared(("semantic", "classification"), dataset, source="classification")
        return dataset.orders

    orders = lists(("Dark_Blue", "RED", "green"))
    assert orders == dict(semantic=[2, 0, 1], classification=None)
    assert "semantic" not in lists(("cat", "dog", "cow"))
    # Two of three agree, each in its place: the third is another word.
    assert "semantic" not in lists(("red", "green", "navy"))
    with pytest.raises(DataError, match="dark blue only in the first and navy only in the second"):
        lists(("green", "red", "navy"))
