"""tools/train.py as a user calls it."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from tests.tools.tool_line import ToolLine
from tests.toy import write_config
from tools import train as train_tool

SHORT = "train_cfg.max_iters=2"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path / "toy.py")


def test_train__applies_the_options(run: ToolLine, config: Path) -> None:
    options = ["--cfg-options", SHORT, "--amp", "--cfg-options", "randomness.seed=3"]  # both count
    done = run(train_tool, config, *options)
    assert done.status == 0 and "2/2  eta" in done.out
    checkpoint = torch.load(config.parent / "work_dir/iter_2.pth", weights_only=True)
    assert checkpoint["training"]["seed"] == 3
    assert checkpoint["meta"]["iter"] == 2
    assert Config.fromstring(checkpoint["meta"]["config"], ".py").precision == "bf16"


def test_train__resumes_the_latest_or_the_named_checkpoint(run: ToolLine, config: Path) -> None:
    folder = config.parent / "work_dir"
    assert run(train_tool, config, "--cfg-options", SHORT).status == 0
    status, out, _ = run(train_tool, config, "--resume")
    assert status == 0 and "at step 2" in out and "4/4  eta" in out and "1/4  eta" not in out
    status, out, _ = run(train_tool, config, "--resume", folder / "iter_2.pth")
    assert status == 0 and "at step 2" in out


def test_train__resume_of_a_finished_training_says_so_and_validates(
    run: ToolLine, config: Path
) -> None:
    assert run(train_tool, config, "--cfg-options", SHORT).status == 0
    status, out, _ = run(train_tool, config, "--resume", "--cfg-options", SHORT)
    assert status == 0
    assert "nothing left to train: the checkpoint is of step 2 of 2" in out
    assert "val results" in out and "eta" not in out


def test_interrupt__exits_without_a_traceback(
    run: ToolLine, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("argus.engine.train_loop.MultitaskTrainLoop._step", interrupted)
    done = run(train_tool, config)
    assert done.status == 130 and "interrupted" in done.err and "Traceback" not in done.err
