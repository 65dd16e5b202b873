"""Trainings with a balancer: they resume bit for bit, and what is wrong is said before a step."""

import importlib.util
import json
import math
from pathlib import Path

import pytest
import torch

from argus.engine.balancing.balancer import resume_balancer
from argus.errors import ConfigError
from tests.engine.toy_training import train
from tests.toy import toy_tasks

FAMO = dict(type="argus.FAMO", lr=0.1)
GRADNORM = dict(type="argus.GradNorm", first_steps=2, lr=0.1, parameters=["stages.2"])
GRADVAC = dict(type="argus.TorchJDGradients", method="GradVac")
needs_torchjd = pytest.mark.skipif(
    importlib.util.find_spec("torchjd") is None, reason="torchjd is not installed"
)


def state(runner) -> dict:
    return torch.load(Path(runner.work_dir) / f"iter_{runner.iter}.pth", weights_only=True)


@pytest.mark.parametrize(
    ("balancing", "train_cfg"),
    [
        (FAMO, dict(schedule="joint")),
        (GRADNORM, dict(schedule="sequential", accumulate=2)),
        pytest.param(GRADVAC, dict(schedule="joint"), marks=needs_torchjd),
    ],
    ids=["FAMO", "GradNorm", "GradVac"],
)
def test_resume__is_bit_for_bit(tmp_path: Path, balancing: dict, train_cfg: dict) -> None:
    options = dict(balancing=balancing, train_cfg=dict(max_iters=6, **train_cfg))
    whole, uninterrupted = train(tmp_path / "whole", **options)
    first, _ = train(tmp_path / "parts", stop_after=4, **options)
    second, resumed = train(tmp_path / "parts", resume=True, **options)
    assert first + second == whole
    expected, found = state(uninterrupted), state(resumed)
    assert repr(expected["training"]["balancing"]) == repr(found["training"]["balancing"])
    assert expected["training"]["balancing"]["state"]
    for name, value in expected["state_dict"].items():
        assert torch.equal(value, found["state_dict"][name]), name
    plain, _ = train(tmp_path / "plain", train_cfg=options["train_cfg"])
    assert plain[0] == whole[0] and plain[-1] != whole[-1], "the balancer changed nothing"


def test_resume__with_another_balancer_begins_anew_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(tmp_path, stop_after=2, balancing=FAMO)
    train(tmp_path, resume=True, train_cfg=dict(max_iters=3))
    assert "balancing was FAMO and is fixed weights" in capsys.readouterr().out
    assert resume_balancer(None, None) == []


def test_bad_step__leaves_the_balancer_as_it_was(tmp_path: Path) -> None:
    states = []

    def spoil(runner) -> None:
        states.append(repr(runner.train_loop.balancer.state_dict()))
        runner.raw_model.loss_weights["semantic"] = math.inf

    def mend(runner) -> None:
        states.append(repr(runner.train_loop.balancer.state_dict()))
        runner.raw_model.loss_weights["semantic"] = 1.0

    _, runner = train(tmp_path, balancing=FAMO, before_step={2: spoil, 3: mend})
    assert states[0] == states[1] and runner.train_loop.bad_steps.num_in_all == 1


def test_log__has_the_factors_and_the_epochs(tmp_path: Path) -> None:
    backends = [dict(type="LocalVisBackend")]
    _, runner = train(
        tmp_path,
        balancing=FAMO,
        custom_hooks=[dict(type="argus.ConflictHook", interval=2)],
        visualizer=dict(type="Visualizer", vis_backends=backends),
    )
    log = next(Path(runner.log_dir).glob("vis_data/*.json"))
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    steps = [line for line in lines if "lr" in line]
    assert steps[0]["semantic/balancing"] + steps[0]["classification/balancing"] == pytest.approx(1)
    assert [line["semantic/epoch"] for line in steps] == pytest.approx(
        [4 / 24, 8 / 24, 0.5, 16 / 24]
    )
    conflicts = [line for line in lines if line.get("event") == "conflicts"]
    assert [line["step"] for line in conflicts] == [1, 3]
    assert -1 <= conflicts[0]["semantic/cosine_classification"] <= 1
    assert conflicts[0]["semantic/conflict_norm"] > 0


def test_conflicts__leave_the_training_as_it_was(tmp_path: Path) -> None:
    hook = [dict(type="argus.ConflictHook", interval=1)]
    tasks = toy_tasks()  # with pictures that are padded, and with them their labels, in place
    tasks["semantic"]["train"]["dataset"]["size"] = 28
    options = dict(tasks=tasks, train_cfg=dict(max_iters=3))
    plain, without = train(tmp_path / "plain", **options)
    watched, runner = train(tmp_path / "watched", custom_hooks=hook, **options)
    assert plain == watched
    for name, value in without.raw_model.state_dict().items():
        assert torch.equal(value, runner.raw_model.state_dict()[name]), name


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(balancing="FAMO"), "balancing: expected dict"),
        (dict(balancing=dict(type="Famo")), "balancing.type: expected one of FAMO, .*found 'Famo'"),
        (dict(balancing=dict(type="argus.FAMO", rate=1)), "unknown key 'rate' of FAMO"),
        (
            dict(balancing=FAMO, task_sampling=dict(type="argus.RoundRobin")),
            "balancing and task_sampling are both set",
        ),
        (dict(task_sampling=dict(type="argus.WeightedSampling", weights=dict(a=1))), "weights"),
        (dict(task_sampling=dict(type="argus.TemperatureSampling", temperature=0)), "above 0"),
    ],
)
def test_config_mistakes__are_named(tmp_path: Path, changes: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        train(tmp_path, **changes)


SAMPLED = dict(
    task_sampling=dict(
        type="argus.WeightedSampling", weights=dict(semantic=1.0, classification=2.0)
    ),
    train_cfg=dict(max_iters=8, accumulate=2),
)


def test_sampling__resumes_bit_for_bit_and_idle_decoders_take_no_step(tmp_path: Path) -> None:
    moved = []

    def note(runner) -> None:
        weights = runner.raw_model.decoders.state_dict()
        moved.append({name: value.clone() for name, value in weights.items()})

    notes = dict.fromkeys(range(1, 9), note)
    whole, uninterrupted = train(tmp_path / "whole", before_step=notes, **SAMPLED)
    first, _ = train(tmp_path / "parts", stop_after=4, **SAMPLED)
    second, resumed = train(tmp_path / "parts", resume=True, **SAMPLED)
    assert first + second == whole and {len(step) for step in whole} == {1}
    assert {task for step in whole for task in step} == {"semantic", "classification"}
    expected, found = state(uninterrupted), state(resumed)
    for name, value in expected["state_dict"].items():
        assert torch.equal(value, found["state_dict"][name]), name
    drawn = {task: 2 * sum(task in step for step in whole) for task in toy_tasks()}
    assert found["training"]["drawn"] == {n: k for n, k in drawn.items() if k != 16}
    for step, before, after in zip(whole, moved, moved[1:], strict=False):
        for name, value in before.items():
            assert torch.equal(value, after[name]) == (name.split(".")[0] not in step), name
