"""tools/test.py as a user calls it, and what may be wrong with a checkpoint."""

import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from argus.engine import MultitaskRunner
from tests.tools.tool_line import ToolLine, assert_one_message
from tests.toy import toy_tasks, write_config
from tools import test as test_tool
from tools import train as train_tool


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path / "toy.py")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A work dir with iter_2.pth and the config that made it."""
    folder = tmp_path_factory.mktemp("trained")
    config = Config.fromfile(write_config(folder / "toy.py", train_cfg=dict(max_iters=2)))
    config.work_dir = str(folder)
    MultitaskRunner.from_cfg(config).train()
    return folder


def test_test__writes_the_table(run: ToolLine, trained: Path, tmp_path: Path) -> None:
    arguments = (trained / "toy.py", trained / "iter_2.pth", "--work-dir", tmp_path)
    status, out, _ = run(test_tool, *arguments)
    assert status == 0
    results = json.loads((tmp_path / "results.json").read_text())
    assert 0 <= results["semantic/mIoU"] <= 1 and 0 <= results["classification/top1"] <= 1
    table = (tmp_path / "results.md").read_text()
    assert f"{100 * results['semantic/mIoU']:.1f}" in table
    (row,) = [line for line in table.splitlines() if line.startswith("| classification | top1")]
    assert "50.0" in row, "the paper's value"
    assert "test results" in out


def test_test__chosen_tasks_and_file(run: ToolLine, trained: Path, tmp_path: Path) -> None:
    out = tmp_path / "some" / "numbers.json"
    arguments = (trained / "toy.py", trained / "iter_2.pth", "--work-dir", tmp_path)
    status, *_ = run(test_tool, *arguments, "--tasks", "semantic", "--out", out, "--weights", "raw")
    assert status == 0
    assert {name.split("/")[0] for name in json.loads(out.read_text())} == {"semantic"}
    assert out.with_suffix(".md").is_file()


def test_test__none_is_the_untrained_model(run: ToolLine, config: Path, tmp_path: Path) -> None:
    status, out, _ = run(test_tool, config, "none", "--work-dir", tmp_path)
    assert status == 0
    assert "no checkpoint: these are the numbers of the untrained model" in out
    assert (tmp_path / "results.json").is_file()


def test_tasks__unknown_name(run: ToolLine, config: Path) -> None:
    done = run(test_tool, config, "none", "--tasks", "depth")
    assert_one_message(done, "['depth']", "semantic")


def test_test__averaged_weights_that_are_asked_for_have_to_be_there(
    run: ToolLine, trained: Path, tmp_path: Path
) -> None:
    checkpoint = torch.load(trained / "iter_2.pth", weights_only=True)
    checkpoint.pop("ema", None)
    torch.save(checkpoint, tmp_path / "raw.pth")
    arguments = (trained / "toy.py", tmp_path / "raw.pth", "--work-dir", tmp_path)
    done = run(test_tool, *arguments, "--weights", "ema")
    assert_one_message(done, "has no averaged weights")
    assert run(test_tool, *arguments).status == 0


def test_checkpoint__missing(run: ToolLine, trained: Path) -> None:
    done = run(test_tool, trained / "toy.py", trained / "iter_9.pth")
    assert_one_message(done, "iter_9.pth does not exist", "iter_2.pth")


def test_checkpoint__truncated(run: ToolLine, trained: Path, tmp_path: Path) -> None:
    whole = (trained / "iter_2.pth").read_bytes()
    (tmp_path / "cut.pth").write_bytes(whole[: len(whole) // 2])
    done = run(test_tool, trained / "toy.py", tmp_path / "cut.pth")
    assert_one_message(done, "cut.pth", "truncated")


class _Code:
    """Unpickling it would make a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("writer", [torch.save, lambda x, p: p.write_bytes(pickle.dumps(x))])
def test_checkpoint__code_in_it_does_not_run(
    run: ToolLine, config: Path, tmp_path: Path, writer: Callable
) -> None:
    evil, proof = tmp_path / "evil.pth", tmp_path / "proof"
    writer({"format": "argus-checkpoint-1", "state_dict": _Code(proof)}, evil)
    for tool, arguments in ((test_tool, [evil]), (train_tool, ["--resume", evil])):
        done = run(tool, config, *arguments)
        assert_one_message(done, "evil.pth")
        assert not proof.exists()


def test_checkpoint__of_other_classes(run: ToolLine, trained: Path, tmp_path: Path) -> None:
    tasks = toy_tasks()
    names = [f"class {i}" for i in range(5)]
    tasks["classification"]["decoder"]["head"]["num_classes"] = 5
    for part in ("train", "val"):
        tasks["classification"][part]["dataset"]["metainfo"] = dict(classes=names)
    other = write_config(tmp_path / "other.py", tasks=tasks)
    done = run(test_tool, other, trained / "iter_2.pth")
    assert_one_message(done, "does not fit", "(5, 8)", "(3, 8)", "head.fc.weight")
