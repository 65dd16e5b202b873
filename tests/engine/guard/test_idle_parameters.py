"""Parameters whose gradient stays exactly 0: found where a ReLU is dead or no loss reaches."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from argus.engine.guard import idle_parameters
from argus.engine.guard.idle_parameters import IdleParameters
from tests.engine.guard.warned import WarnedRunner
from tests.engine.toy_training import train

INTERVAL, IN_A_ROW = idle_parameters.INTERVAL, idle_parameters._IN_A_ROW


class Model(nn.Module):
    """A backbone and two decoders, of which one has a ReLU between its layers."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Linear(4, 4)
        boxes = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
        self.decoders = nn.ModuleDict(dict(boxes=boxes, depth=nn.Linear(4, 1)))

    def backward(self, *tasks: str) -> None:
        self.zero_grad()
        maps = self.backbone(torch.randn(16, 4))
        sum(self.decoders[task](maps).square().mean() for task in tasks).backward()


def look(model: Model, times: int, tasks: tuple[str, ...] = ("boxes", "depth")) -> list[str]:
    """The warnings of a training with so many looks at the gradients."""
    idle, runner = IdleParameters(model), WarnedRunner()
    for step in range(1, times * INTERVAL + 1):
        if step % INTERVAL == 0:
            model.backward(*tasks)
        idle.look(step, dict.fromkeys(tasks, 1.0))
        idle.tell(runner)
    return runner.warnings


def test_dead_relu__is_told_once_with_the_layers_on_both_sides() -> None:
    model = Model()
    with torch.no_grad():
        model.decoders["boxes"][0].bias.fill_(-100.0)
    assert not look(model, IN_A_ROW - 1)
    (warning,) = look(model, 3 * IN_A_ROW)
    assert warning.startswith("boxes: the gradient of 3 parameters was exactly 0 in each of")
    assert ": decoders.boxes.0.weight, decoders.boxes.0.bias, decoders.boxes.2.weight." in warning


def test_backbone__that_no_loss_reaches_is_told() -> None:
    model = Model()
    with torch.no_grad():
        model.decoders["depth"].weight.zero_()
    (warning,) = look(model, IN_A_ROW, ("depth",))
    assert warning.startswith("backbone: the gradient of 2 parameters")


def test_learning_model__is_silent() -> None:
    assert not look(Model(), 3 * IN_A_ROW)


def test_one_gradient__starts_the_count_anew() -> None:
    model, runner = Model(), WarnedRunner()
    idle = IdleParameters(model)
    for number in range(1, 2 * IN_A_ROW):
        model.backward("boxes", "depth")
        if number != IN_A_ROW:
            model.decoders["depth"].weight.grad.zero_()
        idle.look(number * INTERVAL, dict(boxes=1.0, depth=1.0))
    idle.tell(runner)
    assert not runner.warnings


@pytest.mark.parametrize("losses", [dict(boxes=1.0), dict(boxes=1.0, depth=0.0)])
def test_task__that_is_not_in_the_step_or_has_no_labels_is_not_judged(
    losses: dict[str, float],
) -> None:
    model, runner = Model(), WarnedRunner()
    idle = IdleParameters(model)
    for number in range(1, 2 * IN_A_ROW):
        model.backward("boxes", "depth")
        for parameter in model.decoders["depth"].parameters():
            parameter.grad.zero_()
        idle.look(number * INTERVAL, losses)
    idle.tell(runner)
    assert not runner.warnings


@pytest.fixture
def _looks_at_every_step(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(idle_parameters, "INTERVAL", 1)
    yield


@pytest.mark.usefixtures("_looks_at_every_step")
def test_training__tells_what_never_learns(tmp_path: Path) -> None:
    silenced = []

    def silence(runner) -> None:
        decoder = runner.raw_model.decoder("semantic")
        name, parameter = next(iter(decoder.named_parameters()))
        parameter.register_hook(torch.zeros_like)
        silenced.append(f"decoders.semantic.{name}")

    _, runner = train(
        tmp_path,
        before_step={1: silence},
        default_hooks=dict(logger=dict(type="argus.ProgressHook", interval=2)),
        train_cfg=dict(max_iters=IN_A_ROW + 3),
    )
    log = next(Path(runner.log_dir).glob("*.log")).read_text()
    assert log.count("semantic: the gradient of 1 parameter was exactly 0 in each of") == 1
    assert silenced[0] in log
