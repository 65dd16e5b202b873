"""The largest batch of a toy that has no memory for more than some pictures."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS
from torch import Tensor

from argus.engine.auto_batch.find import apply, find
from argus.engine.auto_batch.trial import Trial
from argus.errors import ConfigError
from tests.commands.command_line import CommandLine, assert_mistake
from tests.toy import ToyBackbone, toy_config, write_config


@MODELS.register_module()
class SmallMemory(ToyBackbone):
    """Has room for so many pictures at once."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        if len(images) > self.room:
            raise torch.OutOfMemoryError(f"{len(images)} pictures")
        return super().forward(images)


@pytest.fixture
def argus(capfd: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(capfd)


def config_of(tmp_path: Path, room: int, schedule: str = "joint", **sizes: int) -> Config:
    config = Config(toy_config(tmp_path, backbone=dict(type="SmallMemory", room=room)))
    config.train_cfg.schedule = schedule
    for name in [*config.tasks]:
        if name in sizes:
            config.tasks[name].train.batch_size = sizes[name]
        else:
            del config.tasks[name]
    return config


def test_one_task__grows_to_the_room_and_says_so(tmp_path: Path) -> None:
    config = config_of(tmp_path, 11, semantic=4)
    before = config.pretty_text
    found = find(config)
    assert config.pretty_text == before, "the config is not touched"
    assert dict(found.sizes) == dict(semantic=11) and "12 of semantic would not fit" in found.reason
    lines = "\n".join(apply(found, config))
    assert config.tasks.semantic.train.batch_size == 11
    assert "semantic 4 -> 11" in lines and "tasks.semantic.train.batch_size = 11" in lines
    assert "the learning rate stays 0.001; linear scaling would make it 0.00275" in lines
    assert config.optim_wrapper.optimizer.lr == 1e-3


def test_sizes__shrink_where_the_config_asks_for_too_much(tmp_path: Path) -> None:
    assert dict(find(config_of(tmp_path, 3, semantic=8)).sizes) == dict(semantic=3)


def test_data__bound_the_batch(tmp_path: Path) -> None:
    found = find(config_of(tmp_path, 1000, semantic=4))
    assert dict(found.sizes) == dict(semantic=24) and found.reason == "the data have no more"


@pytest.mark.parametrize(
    ("schedule", "sizes"),
    # A pass of one task has 10 places: together they stay 4:2, one after the other each fills them.
    [
        ("joint", dict(semantic=10, classification=5)),
        ("sequential", dict(semantic=10, classification=10)),
    ],
)
def test_two_tasks__by_their_schedule(tmp_path: Path, schedule: str, sizes: dict[str, int]) -> None:
    found = find(config_of(tmp_path, 10, schedule, semantic=4, classification=2))
    assert dict(found.sizes) == sizes


def test_no_room__is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not even a step with one picture of semantic fits"):
        find(config_of(tmp_path, 0, semantic=4))


def test_resumed_training__keeps_its_batches(argus: CommandLine, tmp_path: Path) -> None:
    config = write_config(tmp_path / "toy.py")
    assert_mistake(argus("train", config, "--auto-batch", "--resume"), "keeps its batches")


@pytest.mark.slow
def test_command__tries_in_another_process_and_trains(argus: CommandLine, tmp_path: Path) -> None:
    config = write_config(tmp_path / "toy.py", backbone=dict(type="SmallMemory", room=13))
    text = config.read_text().replace("'tests.toy'", f"'tests.toy', '{__name__}'")
    config.write_text(text)
    options = ["--cfg-options", "train_cfg.max_iters=1", "tasks.classification=None"]
    done = argus("train", config, "--auto-batch", *options)
    assert done.status == 0, done.err
    assert "semantic 4 -> 13 pictures a step" in done.out
    assert "24 samples,   13 a step" in done.out


def test_trial__a_stream_alone_has_the_optimizers_state_of_all(tmp_path: Path) -> None:
    config = config_of(tmp_path, 11, "sequential", semantic=4, classification=4)
    trial = Trial(config, str(tmp_path))
    trial.step(dict(semantic=1))
    trained = [p for p in trial.runner.raw_model.parameters() if p.requires_grad]
    assert set(trial.wrapper.optimizer.state) == set(trained)
