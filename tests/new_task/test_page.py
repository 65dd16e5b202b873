"""docs/own_data.md: its first commands do what it says."""

from pathlib import Path

import pytest

from tests.commands.command_line import CommandLine, assert_mistake
from tests.datasets.own.layouts import masks, picture
from tests.docs.blocks import BLOCKS
from tests.tiny_model import tiny_model

COMMANDS = next(
    block.text.strip().splitlines()
    for block in BLOCKS
    if block.page == "docs/own_data.md" and "argus train" in block.text
)


@pytest.fixture
def argus(capfd: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(capfd)


def test_first_commands__look_and_train(
    argus: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    masks(tmp_path / "data/plates", 6)
    tiny_model("semantic").write(tmp_path / "work_dirs/demo/model")
    new, train = (command.split()[1:] for command in COMMANDS)
    done = argus(*new)
    assert (done.status, done.err) == (0, "")
    assert "that of the model work_dirs/demo/model, frozen" in done.out
    assert done.out.splitlines()[-1].split() == ["argus", *train]
    short = ["train_cfg.max_iters=2", "tasks.plates.size=32", "tasks.plates.train.num_workers=0"]
    short += ["tasks.plates.val=None", "tasks.plates.test=None", "param_scheduler.T_max=2"]
    assert argus(*train, "--cfg-options", *short).status == 0
    assert (tmp_path / "work_dirs/plates/iter_2.pth").is_file()


def test_data_that_are_not_known__are_one_sentence(argus: CommandLine, tmp_path: Path) -> None:
    picture(tmp_path / "1.png")
    assert_mistake(argus("new", "plates", tmp_path), "no labels that Argus knows")
    assert_mistake(argus("new", "plates", tmp_path / "gone"), "no such file or folder")
