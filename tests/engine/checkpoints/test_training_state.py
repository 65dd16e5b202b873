"""Resuming after the config changed: what is still there goes on, what is new is said."""

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.registry import PARAM_SCHEDULERS
from torch import Tensor, nn

from argus.engine.checkpoints.training_state import Plan, load_training_state, training_state
from argus.errors import CheckpointError
from argus.storage.checkpoint import OLD_FORMAT, read_checkpoint, write_checkpoint
from tests.engine.test_training import EMA, SCHEDULERS
from tests.engine.toy_training import train
from tests.toy import classification_decoder, toy_tasks

WARMUP, COSINE = SCHEDULERS
LR = 1e-3


def three_tasks() -> dict:
    """Two of them with decoders of equal shapes."""
    tasks = toy_tasks()
    tasks["twin"] = copy.deepcopy(tasks["classification"])
    return tasks


def without(*names: str) -> dict:
    return {name: task for name, task in three_tasks().items() if name not in names}


def optimizer(kind: str = "AdamW", **options) -> dict:
    options = dict(lr=LR, weight_decay=0.05) | options
    return dict(optimizer=dict(type=kind, **options), clip_grad=dict(max_norm=1.0))


BASE = dict(
    tasks=three_tasks(),
    train_cfg=dict(max_iters=8),
    param_scheduler=SCHEDULERS,
    custom_hooks=EMA,
    optim_wrapper=optimizer(),
)


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Checkpoint of a training that stopped after four of eight steps."""
    folder = tmp_path_factory.mktemp("stopped")
    train(folder, stop_after=4, **copy.deepcopy(BASE))
    return folder / "iter_4.pth"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[dict], dict]:
    """Losses and last checkpoint of the training without a break."""
    folder = tmp_path_factory.mktemp("whole")
    losses, _ = train(folder, **copy.deepcopy(BASE))
    return losses, read_checkpoint(folder / "iter_8.pth")


class Resumed:
    """A training that goes on from a checkpoint, with another config."""

    def __init__(self, folder: Path, checkpoint: Path, **changes) -> None:
        config = copy.deepcopy(BASE | changes)
        self.losses, self.runner = train(folder, resume=True, load_from=str(checkpoint), **config)
        path = next(Path(self.runner.log_dir).glob("*.log"))
        lines = path.read_text().splitlines()
        self.notes = [line.partition("changed since iter_4.pth: ")[2] for line in lines]
        self.notes = [note for note in self.notes if note]
        self.log = path.read_text()

    def state(self, name: str, key: str = "exp_avg") -> Tensor:
        parameter = dict(self.runner.raw_model.named_parameters())[name]
        return self.runner.optim_wrapper.optimizer.state[parameter][key]

    def rate(self, part: str) -> float:
        """Learning rate of the parameters whose names begin so."""
        names = {id(p): n for n, p in self.runner.raw_model.named_parameters()}
        rates = {
            group["lr"]
            for group in self.runner.optim_wrapper.optimizer.param_groups
            if any(names[id(parameter)].startswith(part) for parameter in group["params"])
        }
        (rate,) = rates
        return rate


def test_unchanged__goes_on_bit_by_bit_and_says_nothing(
    tmp_path: Path, stopped: Path, whole: tuple[list[dict], dict]
) -> None:
    resumed = Resumed(tmp_path, stopped)
    assert resumed.losses == whole[0][4:]
    assert resumed.notes == []
    found = read_checkpoint(tmp_path / "iter_8.pth")
    for part in ("state_dict", "ema"):
        assert all(torch.equal(found[part][name], value) for name, value in whole[1][part].items())
    expected = whole[1]["training"]["optimizer"]
    for name, state in found["training"]["optimizer"].items():
        assert all(torch.equal(value, expected[name][key]) for key, value in state.items()), name


@pytest.mark.parametrize(
    "order", [("twin", "classification", "semantic"), ("classification", "twin", "semantic")]
)
def test_tasks__in_another_order_go_on_bit_by_bit(
    tmp_path: Path, stopped: Path, whole: tuple[list[dict], dict], order: tuple[str, ...]
) -> None:
    """Two of them have equal shapes: by position, their moments would be swapped in silence."""
    tasks = three_tasks()
    resumed = Resumed(tmp_path, stopped, tasks={name: tasks[name] for name in order})
    assert resumed.losses == whole[0][4:]
    assert resumed.notes == []
    found = read_checkpoint(tmp_path / "iter_8.pth")["state_dict"]
    assert all(torch.equal(found[name], value) for name, value in whole[1]["state_dict"].items())


def test_task__removed(tmp_path: Path, stopped: Path) -> None:
    resumed = Resumed(tmp_path, stopped, tasks=without("semantic"))
    assert [set(step) for step in resumed.losses] == [{"classification", "twin"}] * 4
    assert len(resumed.notes) == 1 and "no longer trained: decoders.semantic (8 tens" in str(
        resumed.notes
    )
    assert "also holds the decoders of semantic, not used here" in resumed.log
    name = "decoders.twin.head.fc.weight"
    assert resumed.state(name, "step") == 8


def test_task__added(tmp_path: Path) -> None:
    train(tmp_path / "two", stop_after=4, **copy.deepcopy(BASE | dict(tasks=without("twin"))))
    resumed = Resumed(tmp_path, tmp_path / "two/iter_4.pth")
    assert [set(step) for step in resumed.losses] == [{"semantic", "classification", "twin"}] * 4
    assert resumed.notes == ["newly trained: decoders.twin (2 tensors)"]
    assert "has no decoder for twin: they start from scratch" in resumed.log
    assert "no average of 2 tensors (decoders.twin.head.fc.weight first)" in resumed.log
    assert resumed.state("decoders.twin.head.fc.weight", "step") == 4
    assert resumed.state("decoders.classification.head.fc.weight", "step") == 8
    assert resumed.runner.train_loop.dataloader.budgets["twin"].num_drawn == 16
    assert resumed.runner.train_loop.dataloader.budgets["semantic"].num_drawn == 32


def test_task__given_an_lr_mult(tmp_path: Path, stopped: Path) -> None:
    tasks = three_tasks()
    tasks["twin"]["lr_mult"] = 0.1
    resumed = Resumed(tmp_path, stopped, tasks=tasks)
    assert resumed.notes == ["lr was 0.001 and is 0.0001 for decoders.twin (2 tensors)"]
    assert resumed.state("decoders.twin.head.fc.weight", "step") == 8, "its moments go on"
    assert resumed.rate("decoders.twin") == pytest.approx(0.1 * resumed.rate("backbone"))


def test_learning_rate__of_the_config_wins(tmp_path: Path, stopped: Path) -> None:
    """The rates are those of a training that had the new one from the start."""
    fresh = copy.deepcopy(BASE | dict(optim_wrapper=optimizer(lr=LR / 4)))
    _, other = train(tmp_path / "other", **fresh)
    resumed = Resumed(tmp_path / "changed", stopped, optim_wrapper=optimizer(lr=LR / 4))
    assert len(resumed.notes) == 1 and resumed.notes[0].startswith("lr was 0.001 and is 0.00025")
    rates = [group["lr"] for group in other.optim_wrapper.param_groups]
    assert [g["lr"] for g in resumed.runner.optim_wrapper.param_groups] == rates


def run_of(
    configs: list[dict], *, num_steps: int, **options
) -> tuple[nn.Module, Any, Plan, list[Any]]:
    """Model, optimizer, plan and schedulers of a training after some steps."""
    torch.manual_seed(0)
    model = nn.ModuleDict(dict(backbone=nn.Linear(2, 2), head=nn.Linear(2, 1)))
    parts = [(model["backbone"], LR), (model["head"], 2 * LR)]
    optimizer = torch.optim.AdamW(
        [dict(params=[*p.parameters()], lr=lr) for p, lr in parts], **options
    )
    plan = Plan.of(optimizer, model, configs)
    schedulers = [PARAM_SCHEDULERS.build(dict(c, optimizer=optimizer)) for c in configs]
    go_on(model, optimizer, schedulers, num_steps)
    return model, optimizer, plan, schedulers


def go_on(model: nn.Module, optimizer: Any, schedulers: list[Any], num_steps: int) -> None:
    for _ in range(num_steps):
        optimizer.zero_grad()
        model["head"](model["backbone"](torch.ones(1, 2))).square().sum().backward()
        optimizer.step()
        for scheduler in schedulers:
            scheduler.step()


WAYS = [dict(fused=True), dict(foreach=True), dict(foreach=False)]


@pytest.mark.parametrize("after", WAYS, ids=["to_fused", "to_foreach", "to_loop"])
@pytest.mark.parametrize("before", WAYS, ids=["fused", "foreach", "loop"])
def test_optimizer__goes_on_by_other_kernels(before: dict, after: dict) -> None:
    model, optimizer, plan, schedulers = run_of(SCHEDULERS, num_steps=3, **before)
    state = training_state(plan, optimizer, model, schedulers, step=3)
    resumed, optimizer, plan, schedulers = run_of(SCHEDULERS, num_steps=0, **after)
    resumed.load_state_dict(model.state_dict())
    assert load_training_state(state, plan, optimizer, schedulers, path="x") == []
    go_on(resumed, optimizer, schedulers, 3)
    whole = run_of(SCHEDULERS, num_steps=6, foreach=False)[0]
    for name, value in whole.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[name], value, rtol=1e-6, atol=1e-7)


def rates_of(optimizer: torch.optim.Optimizer) -> list[float]:
    return [group["lr"] for group in optimizer.param_groups]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (SCHEDULERS, SCHEDULERS),
        ([], SCHEDULERS),
        (SCHEDULERS, []),
        ([COSINE], SCHEDULERS),
        (SCHEDULERS, [WARMUP, COSINE | dict(end=20, T_max=17)]),
        (SCHEDULERS, SCHEDULERS[::-1]),
    ],
    ids=["same", "added", "removed", "one_added", "longer", "reordered"],
)
def test_schedulers__are_where_the_new_ones_would_be(before: list[dict], after: list[dict]) -> None:
    model, optimizer, plan, schedulers = run_of(before, num_steps=4)
    state = training_state(plan, optimizer, model, schedulers, step=4)
    _, resumed, plan, schedulers = run_of(after, num_steps=0)
    notes = load_training_state(state, plan, resumed, schedulers, path="x")
    assert rates_of(resumed) == rates_of(run_of(after, num_steps=4)[1])
    said = "param_scheduler is another: the learning rate is now what it gives for this step"
    assert notes == ([said] if before != after else [])
    resumed.step()
    for scheduler in schedulers:
        scheduler.step()
    assert rates_of(resumed) == rates_of(run_of(after, num_steps=5)[1]), "and they go on"


@pytest.mark.parametrize(
    ("wrapper", "notes"),
    [
        (
            optimizer("SGD", momentum=0.9),
            ["the optimizer was AdamW and is SGD", "the state of the optimizer starts anew for"],
        ),
        (
            optimizer(amsgrad=True),
            ["amsgrad was False and is True", "the state of the optimizer starts anew for"],
        ),
        (optimizer(betas=(0.8, 0.99)), ["betas was (0.9, 0.999) and is (0.8, 0.99)"]),
        (optimizer(weight_decay=0.0), ["weight_decay was 0.05 and is 0.0"]),
    ],
    ids=["other", "amsgrad", "betas", "weight_decay"],
)
def test_optimizer__another_one_or_other_options(
    tmp_path: Path, stopped: Path, wrapper: dict, notes: list[str]
) -> None:
    resumed = Resumed(tmp_path, stopped, optim_wrapper=wrapper)
    assert len(resumed.losses) == 4
    assert len(resumed.notes) == len(notes)
    for note, words in zip(resumed.notes, notes, strict=True):
        assert note.startswith(words)
    group = resumed.runner.optim_wrapper.optimizer.param_groups[0]
    for key in ("betas", "amsgrad", "momentum"):
        if key in wrapper["optimizer"]:
            assert group[key] == wrapper["optimizer"][key]


def test_batches__another_size_and_number(tmp_path: Path, stopped: Path) -> None:
    tasks = three_tasks()
    tasks["twin"]["train"]["batch_size"] = 2
    resumed = Resumed(tmp_path, stopped, tasks=tasks, train_cfg=dict(max_iters=8, accumulate=2))
    assert len(resumed.losses) == 4
    assert resumed.notes[0].startswith("a batch of twin had 4 images and has 2")
    assert resumed.notes[1].startswith("train_cfg.accumulate was 1 and is 2")


def test_processes__another_number(
    tmp_path: Path, stopped: Path, whole: tuple[list[dict], dict]
) -> None:
    """Two processes with half the batch saw the same samples; their noise was another."""
    content = read_checkpoint(stopped)
    content["training"]["world_size"] = 2
    write_checkpoint(tmp_path / "iter_4.pth", content)
    resumed = Resumed(tmp_path / "out", tmp_path / "iter_4.pth")
    assert resumed.losses == whole[0][4:]
    assert resumed.notes == ["2 processes were at work and 1 are: each draws other noise"]


def test_average__hook_added_and_removed(tmp_path: Path, stopped: Path) -> None:
    Resumed(tmp_path / "a", stopped, custom_hooks=[])
    assert "ema" not in read_checkpoint(tmp_path / "a/iter_8.pth")
    train(tmp_path / "b", stop_after=4, **copy.deepcopy(BASE | dict(custom_hooks=[])))
    added = Resumed(tmp_path / "c", tmp_path / "b/iter_4.pth")
    assert "no average of" in added.log


def test_decoder__of_another_shape_is_one_sentence(tmp_path: Path, stopped: Path) -> None:
    tasks = three_tasks()
    tasks["twin"]["decoder"] = classification_decoder()
    tasks["twin"]["decoder"]["head"]["num_classes"] = 3
    tasks["twin"]["decoder"]["head"]["type"] = "StackedLinearClsHead"
    tasks["twin"]["decoder"]["head"]["mid_channels"] = [5]
    with pytest.raises(CheckpointError, match="does not fit the model of this config"):
        Resumed(tmp_path, stopped, tasks=tasks)


def test_state__of_the_first_format_is_one_sentence(tmp_path: Path, stopped: Path) -> None:
    content = read_checkpoint(stopped)
    training = {k: v for k, v in content["training"].items() if k != "plan"}
    training |= dict(optimizer=dict(state={}, param_groups=[]), schedulers=[])
    torch.save({**content, "format": OLD_FORMAT, "training": training}, tmp_path / "iter_4.pth")
    with pytest.raises(CheckpointError, match="kept the optimizer's state by position"):
        Resumed(tmp_path / "out", tmp_path / "iter_4.pth")
    losses, _ = train(
        tmp_path / "weights", load_from=str(tmp_path / "iter_4.pth"), **copy.deepcopy(BASE)
    )
    assert len(losses) == 8, "its weights are good"


def test_state__is_stored_by_name() -> None:
    model, optimizer, plan, _ = run_of([], num_steps=1)
    state = training_state(plan, optimizer, model, [], step=1)
    assert list(state["optimizer"]) == [name for name, _ in model.named_parameters()]
    other, again, plan, _ = run_of([], num_steps=0)
    assert load_training_state(state, plan, again, [], path="x") == []
    for one, two in zip(model.parameters(), other.parameters(), strict=True):
        for key, value in optimizer.state[one].items():
            assert torch.equal(again.state[two][key], value)


def test_state__of_another_shape_starts_anew() -> None:
    model, optimizer, plan, _ = run_of([], num_steps=1)
    state = training_state(plan, optimizer, model, [], step=1)
    state["optimizer"]["head.weight"]["exp_avg"] = torch.zeros(3)
    other, again, plan, _ = run_of([], num_steps=0)
    notes = load_training_state(state, plan, again, [], path="x")
    assert notes == ["the state of the optimizer starts anew for head (1 tensor)"]
    assert other["head"].weight not in again.state
    assert other["head"].bias in again.state
