"""A training of MTV on the engine: resumed like uninterrupted, losses that fall."""

from pathlib import Path
from typing import Any

import pytest
import torch

from argus.engine import MultitaskRunner
from argus.engine.checks.problems import config_problems
from argus.engine.guard.bad_steps import image_paths
from argus.errors import ConfigError
from tests.mtv.tiny import DECODERS, TASKS, batch, tiny_config


def train(work_dir: Path, *tasks: str, stop_after: int | None = None, **changes: Any) -> Any:
    """Train; the losses of every step and the runner."""
    runner = MultitaskRunner.from_cfg(tiny_config(work_dir, *tasks, **changes))
    losses: list[dict[str, float]] = []
    call_hook = runner.call_hook

    def record(name: str, **kwargs: Any) -> None:
        call_hook(name, **kwargs)
        if name == "after_train_iter":
            losses.append({k: v.item() for k, v in kwargs["outputs"].losses.items()})
            if len(losses) == stop_after:
                runner.stop_request.signal = "SIGTERM"

    runner.call_hook = record  # type: ignore[method-assign]
    try:
        runner.train()
    except SystemExit:
        pass
    return losses, runner


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return train(tmp_path_factory.mktemp("whole"), **OPTIONS)


# Masks are drawn, centres move, and the temperature rises in the second half as well.
OPTIONS: dict[str, Any] = dict(
    train_cfg=dict(max_iters=6, accumulate=2),
    default_hooks=dict(checkpoint=dict(type="argus.CheckpointHook", interval=3)),
)


def test_training__goes_on_bit_by_bit(whole: Any, tmp_path: Path) -> None:
    losses, runner = whole
    source = Path(runner.work_dir) / "iter_3.pth"
    (tmp_path / source.name).write_bytes(source.read_bytes())
    again, resumed = train(tmp_path, resume=True, **OPTIONS)
    assert again == losses[3:]
    for name, value in runner.raw_model.state_dict().items():
        assert torch.equal(resumed.raw_model.state_dict()[name], value), name


def test_checkpoint__holds_teacher_and_centres(whole: Any) -> None:
    _, runner = whole
    state = torch.load(Path(runner.work_dir) / "iter_6.pth", weights_only=True)["state_dict"]
    model = runner.raw_model
    assert set(state) == set(model.state_dict())
    ssl = model.decoders["ssl"]
    assert ssl.picture_centre.centre.abs().sum() > 0
    name = "encoder.layers.0.mlp.fc1.weight"
    student = model.backbone.vision_model.get_parameter(name)
    teacher = ssl.teacher.vision.get_parameter(name)
    assert 0 < (student - teacher).abs().max() < 1.0


def test_weights__of_fewer_tasks_begin_more(whole: Any, tmp_path: Path) -> None:
    """Tasks that are new begin anew, and the teacher as the student that was loaded."""
    _, runner = train(tmp_path / "one", "vl", train_cfg=dict(max_iters=1))
    path = str(tmp_path / "one/iter_1.pth")
    config = tiny_config(tmp_path / "two", load_from=path)
    second = MultitaskRunner.from_cfg(config)
    assert second.train_loop is not None  # a training's, which may begin tasks
    second.load_checkpoint(path)
    model = second.raw_model
    student = model.backbone.vision_model.state_dict()
    assert all(
        torch.equal(value, student[name])
        and torch.equal(value, runner.raw_model.backbone.vision_model.state_dict()[name])
        for name, value in model.decoders["ssl"].teacher.vision.state_dict().items()
    )


@pytest.mark.trains
def test_losses__fall_on_eight_pictures(tmp_path: Path) -> None:
    """And every picture of a step is named, should its loss be odd."""
    assert image_paths(batch([3, 4])) == ["picture_3.png", "picture_4.png"]
    tasks = tiny_config(tmp_path).tasks.to_dict()
    tasks["vl"]["train"] |= dict(dataset=dict(type="ToyPairs", length=8), batch_size=8)
    losses, runner = train(tmp_path, tasks=tasks, train_cfg=dict(max_iters=30))
    for task in TASKS:
        first, last = losses[0][task], sum(step[task] for step in losses[-5:]) / 5
        assert last < first, (task, first, last)
    assert losses[-1]["vl"] < 0.5 * losses[0]["vl"]


def test_check__knows_a_task_model(tmp_path: Path) -> None:
    assert config_problems(tiny_config(tmp_path)) == []
    wrong = tiny_config(tmp_path)
    wrong.tasks.depth.decoder.fusions = 3
    (problem,) = config_problems(wrong)
    assert "tasks['depth'].decoder: unknown key 'fusions' of Depth" in problem
    with pytest.raises(ConfigError, match="unknown key 'fusions'"):
        MultitaskRunner.from_cfg(wrong)
    assert "fusions" not in DECODERS["depth"]
