"""Steps that are not finite: they change nothing, are written down, and can be too many."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from argus.engine import MultitaskRunner
from argus.engine.gradient_schedule import StepResult
from argus.engine.guard.step_guard import BufferKeeper, read_step
from argus.errors import ConfigError, DataError
from tests.toy import ToyBackbone, toy_config

SCHEDULERS = [
    dict(type="LinearLR", start_factor=0.1, by_epoch=False, begin=0, end=4),
    dict(type="CosineAnnealingLR", by_epoch=False, begin=4, end=8, T_max=4),
]


@MODELS.register_module()
class NormedBackbone(ToyBackbone):
    """With running statistics, which a forward pass changes, and a fault at chosen passes."""

    def __init__(self, faults: tuple[int, ...] = (), at: str = "forward") -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(8)
        self.faults = faults
        self.at = at
        self.num_passes = 0

    def maps(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        first = self.norm(self.stem(images).relu())
        self.dtype = first.dtype
        if self.training:
            self.num_passes += 1
            if self.num_passes in self.faults:
                if self.at == "forward":
                    first = first * math.nan
                else:
                    first.register_hook(lambda gradient: gradient * math.inf)
        maps = [first]
        for stage in self.stages:
            maps.append(stage(maps[-1]).relu())
        return tuple(maps)


def state_of(runner: Any) -> dict[str, Any]:
    """All that a step changes, copied."""
    return {
        "model": {k: v.clone() for k, v in runner.raw_model.state_dict().items()},
        "optimizer": [
            {k: torch.as_tensor(v).clone() for k, v in state.items()}
            for state in runner.optim_wrapper.optimizer.state.values()
        ],
        "rates": [group["lr"] for group in runner.optim_wrapper.param_groups],
        "schedulers": [repr(s.state_dict()) for s in runner.param_schedulers],
        "average": {k: v.clone() for k, v in ema_of(runner).average.items()},
    }


def ema_of(runner: Any) -> Any:
    return next(hook for hook in runner.hooks if type(hook).__name__ == "EMAHook")


def equal(a: Any, b: Any) -> bool:
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(equal(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(equal, a, b))
    return torch.equal(a, b) if isinstance(a, torch.Tensor) else a == b


def run(work_dir: Path, **changes: Any) -> tuple[Any, list[dict[str, Any]], list[bool]]:
    """Train; state after each step, and whether the step was taken."""
    options = dict(
        backbone=dict(type="NormedBackbone"),
        train_cfg=dict(max_iters=6),
        param_scheduler=SCHEDULERS,
        custom_hooks=[dict(type="argus.EMAHook", decay=0.9)],
    )
    runner = MultitaskRunner.from_cfg(Config(toy_config(work_dir, **(options | changes))))
    states: list[dict[str, Any]] = []
    taken: list[bool] = []
    call_hook = runner.call_hook

    def record(name: str, **kwargs: Any) -> None:
        call_hook(name, **kwargs)
        if name == "before_train":
            states.append(state_of(runner))
        if name in ("after_train_iter", "after_bad_step"):
            states.append(state_of(runner))
            taken.append(name == "after_train_iter")

    runner.call_hook = record
    runner.train()
    return runner, states, taken


@pytest.mark.parametrize("at", ["forward", "backward"])
@pytest.mark.parametrize(
    "options",
    [
        dict(),
        dict(train_cfg=dict(max_iters=6, schedule="sequential")),
        dict(optim_wrapper=dict(optimizer=dict(type="SGD", lr=1e-3, momentum=0.9))),
        dict(
            optim_wrapper=dict(
                optimizer=dict(type="AdamW", lr=1e-3),
                clip_grad=dict(max_norm=1.0),
                clip_each_part=True,
            )
        ),
    ],
    ids=["joint", "sequential", "no clipping", "clipped by part"],
)
def test_bad_step__changes_nothing(tmp_path: Path, at: str, options: dict[str, Any]) -> None:
    # Two passes a step, one for each task: those of steps 3 and 4.
    backbone = dict(type="NormedBackbone", faults=(5, 8), at=at)
    _, states, taken = run(tmp_path, backbone=backbone, **options)
    assert taken == [True, True, False, False, True, True]
    for step, was_taken in enumerate(taken):
        assert equal(states[step], states[step + 1]) != was_taken, step + 1


@pytest.mark.parametrize("at", ["forward", "backward"])
@pytest.mark.parametrize("schedule", ["joint", "sequential"])
def test_bad_step__in_bfloat16_changes_nothing(tmp_path: Path, at: str, schedule: str) -> None:
    backbone = dict(type="NormedBackbone", faults=(5, 8), at=at)
    train_cfg = dict(max_iters=6, schedule=schedule)
    runner, states, taken = run(tmp_path, backbone=backbone, train_cfg=train_cfg, precision="bf16")
    assert runner.raw_model.backbone.dtype is torch.bfloat16
    assert taken == [True, True, False, False, True, True]
    for step, was_taken in enumerate(taken):
        assert equal(states[step], states[step + 1]) != was_taken, step + 1


def test_bad_step__with_accumulation(tmp_path: Path) -> None:
    backbone = dict(type="NormedBackbone", faults=(7,))  # the second batch of step 2
    _, states, taken = run(tmp_path, backbone=backbone, train_cfg=dict(max_iters=3, accumulate=2))
    assert taken == [True, False, True]
    assert equal(states[1], states[2])


def test_resume__after_bad_steps_is_bit_for_bit(tmp_path: Path) -> None:
    backbone = dict(type="NormedBackbone", faults=(3,))
    _, whole, _ = run(tmp_path / "whole", backbone=backbone)
    run(tmp_path / "parts", backbone=backbone, train_cfg=dict(max_iters=3))
    changed = dict(train_cfg=dict(max_iters=6), resume=True)
    runner, parts, _ = run(tmp_path / "parts", **changed)
    assert equal(whole[-1], parts[-1])
    assert runner.train_loop.bad_steps.num_in_all == 1


def test_record__names_the_batch(tmp_path: Path) -> None:
    runner, _, _ = run(tmp_path, backbone=dict(type="NormedBackbone", faults=(4,)))
    (file,) = (tmp_path / "bad_steps").glob("*.json")
    assert file.name == "step_000002_rank0.json"
    record = json.loads(file.read_text(), parse_constant=pytest.fail)  # JSON has no NaN
    assert record["step"] == 2 and record["losses"]["semantic"] == "nan"
    assert math.isfinite(record["losses"]["classification"])
    (micro,) = record["micro_batches"]
    keys = [(s["draw"], s["index"]) for s in micro["streams"]["semantic"]]
    assert keys == runner.train_loop.dataloader.samplers["semantic"].keys(1)
    assert [draw for draw, _ in keys] == [4, 5, 6, 7]
    assert micro["seeds"].keys() == {"semantic", "classification"}
    assert (tmp_path / "bad_steps" / record["weights"]).is_file()


def test_record__keeps_a_config_once(tmp_path: Path) -> None:
    run(tmp_path, backbone=dict(type="NormedBackbone", faults=(4, 8)))
    files = sorted((tmp_path / "bad_steps").glob("*.json"))
    (config,) = (tmp_path / "bad_steps").glob("*.py")
    assert [json.loads(file.read_text())["config"] for file in files] == [config.name] * 2
    run(
        tmp_path,
        backbone=dict(type="NormedBackbone", faults=(2,)),
        train_cfg=dict(max_iters=8),
        resume=True,
    )
    assert len(list((tmp_path / "bad_steps").glob("*.py"))) == 2


@pytest.mark.parametrize(
    ("limits", "faults", "last"),
    [
        (dict(max_bad_steps_in_a_row=1), (5, 7), 4),
        (dict(max_bad_steps=1), (1, 11), 6),
    ],
)
def test_too_many__ends_with_the_last_good_checkpoint(
    tmp_path: Path, limits: dict[str, int], faults: tuple[int, ...], last: int
) -> None:
    backbone = dict(type="NormedBackbone", faults=faults)
    with pytest.raises(DataError) as caught:
        run(tmp_path, backbone=backbone, train_cfg=dict(max_iters=8, **limits))
    message = str(caught.value)
    assert f"step {(faults[0] + 1) // 2} (classification" in message
    newest = tmp_path / f"iter_{2 * ((last - 1) // 2)}.pth"
    assert newest.is_file() and f"The last good checkpoint is {newest}" in message
    assert not (tmp_path / f"iter_{last}.pth").exists()


@pytest.mark.parametrize("key", ["max_bad_steps_in_a_row", "max_bad_steps", "spike_threshold"])
def test_limits__that_are_no_numbers(tmp_path: Path, key: str) -> None:
    with pytest.raises(ConfigError, match=f"train_cfg.{key}"):
        run(tmp_path, train_cfg={"max_iters": 1, key: -1})


class CountWaits(TorchDispatchMode):
    """How often the host asks a tensor for one value, for which it waits for a GPU."""

    num = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.num += func is torch.ops.aten._local_scalar_dense.default
        return func(*args, **(kwargs or {}))


def test_read_step__waits_once(monkeypatch: pytest.MonkeyPatch) -> None:
    losses = {"a": torch.tensor(1.0), "b": torch.tensor(2.0)}
    result = StepResult(losses=losses, parts={"a/part": torch.tensor(math.inf)})
    read, calls = torch.Tensor.tolist, []
    monkeypatch.setattr(torch.Tensor, "tolist", lambda tensor: calls.append(1) or read(tensor))
    with CountWaits() as waits:
        values = read_step(result, torch.tensor(3.0), is_asked_to_stop=False)
    assert len(calls) == 1 and waits.num == 0
    assert values.losses == {"a": 1.0, "b": 2.0} and values.grad_norm == 3.0
    assert values.is_finite, "a part that is in no loss decides nothing"


def test_buffers__integers_too_come_back() -> None:
    model = nn.Sequential(nn.BatchNorm2d(2), nn.BatchNorm2d(2).eval())
    keeper = BufferKeeper(model)
    keeper.keep()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    model(torch.rand(2, 2, 3, 3))
    assert not equal(before, dict(model.state_dict()))
    keeper.restore()
    assert equal(before, dict(model.state_dict()))
