"""``argus train`` and ``argus test``: what the tools do, and several processes."""

import json
import os
from pathlib import Path

import pytest
import torch

from argus.commands import launch as launching
from argus.commands.launch import launch_command
from argus.errors import ConfigError
from argus.storage.checkpoint import read_checkpoint
from tests.commands.command_line import CommandLine, assert_mistake
from tests.toy import write_config
from tools import test as test_tool
from tools import train as train_tool

OPTIONS = ["--cfg-options", "train_cfg.max_iters=2", "randomness.seed=3"]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path / "toy.py")


@pytest.fixture
def torchrun(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What torchrun is called with; it does nothing, and fails with 7."""
    calls: list[list[str]] = []
    monkeypatch.setattr(launching, "launch", lambda words: calls.append(words) or 7)
    for name in ("NNODES", "NODE_RANK", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(name, os.environ.get(name, "1"))  # to be as they were afterwards
    return calls


def call_tool(monkeypatch: pytest.MonkeyPatch, tool: object, *words: object) -> None:
    monkeypatch.setattr("sys.argv", ["tool", *map(str, words)])
    tool.main()


def test_train_and_test__give_what_the_tools_give(
    argus: CommandLine, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = tmp_path / "command", tmp_path / "tool"
    done = argus("train", config, "--work-dir", folders[0], *OPTIONS)
    assert done.status == 0 and "2/2  eta" in done.out
    call_tool(monkeypatch, train_tool, config, "--work-dir", folders[1], *OPTIONS)
    states = [read_checkpoint(folder / "iter_2.pth")["state_dict"] for folder in folders]
    assert states[0].keys() == states[1].keys()
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])

    trained = folders[0] / "iter_2.pth"
    done = argus("test", config, trained, "--work-dir", folders[0])
    assert done.status == 0 and f"written to {folders[0] / 'results.json'}" in done.out
    call_tool(monkeypatch, test_tool, config, trained, "--work-dir", folders[1])
    results = [json.loads((folder / "results.json").read_text()) for folder in folders]
    assert results[0] == results[1] and "semantic/mIoU" in results[0]

    done = argus("train", config, "--work-dir", folders[0], "--resume", *OPTIONS[:1], OPTIONS[2])
    assert done.status == 0 and "at step 2" in done.out and "4/4  eta" in done.out


@pytest.mark.parametrize("option", [["--processes", "3"], ["--gpus=3"]])
@pytest.mark.parametrize("command", ["train", "test"])
def test_processes__start_the_same_command_under_torchrun(
    argus: CommandLine, torchrun: list[list[str]], command: str, option: list[str]
) -> None:
    words = [command, "config.py", *option, "--cfg-options", "a=1", "b=2"]
    done = argus(*words)
    assert done.status == 7, "that of the processes"
    program = ["--standalone", "--nproc_per_node", "3", "--module", "argus"]
    assert torchrun == [[*program, *words, "--launcher", "pytorch"]]


def test_processes__a_started_one_does_not_start_others(
    argus: CommandLine, torchrun: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = []
    monkeypatch.setattr("argus.commands.train.train", lambda args: trained.append(args.launcher))
    words = ("train", "config.py", "--processes", 3, "--launcher", "pytorch")
    assert argus(*words).status == 0
    assert trained == ["pytorch"] and torchrun == []


@pytest.mark.parametrize("number", ["0", "-2"])
def test_processes__no_count(argus: CommandLine, torchrun: list[list[str]], number: str) -> None:
    assert_mistake(argus("train", "config.py", "--processes", number), f"found {number}")
    assert torchrun == []


def test_processes__other_launchers_start_their_own(
    argus: CommandLine, torchrun: list[list[str]]
) -> None:
    done = argus("train", "config.py", "--processes", "2", "--launcher", "slurm")
    assert_mistake(done, "--launcher slurm", "--processes")
    assert torchrun == []


def test_launch__several_machines(
    torchrun: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in dict(NNODES="3", NODE_RANK="1", MASTER_ADDR="head").items():
        monkeypatch.setenv(name, value)
    launch_command(["train", "c.py"], 8)
    where = ["--nnodes", "3", "--node_rank", "1", "--master_addr", "head"]
    assert torchrun[0][:8] == [*where, "--master_port", "29500"]
    monkeypatch.delenv("MASTER_ADDR")
    with pytest.raises(ConfigError, match="set MASTER_ADDR on every machine"):
        launch_command(["train", "c.py"], 8)


def test_test__needs_a_checkpoint_or_a_model(argus: CommandLine, config: Path) -> None:
    assert_mistake(argus("test", config), "no checkpoint", "'none' for the untrained model")


@pytest.mark.slow
def test_processes__two_train_as_one_run(argus: CommandLine, config: Path, tmp_path: Path) -> None:
    """Real processes; a mistake in them is told once."""
    words = ("train", config, "--processes", 2, "--work-dir")
    done = argus(*words, tmp_path / "two", *OPTIONS)
    assert done.status == 0, done.err
    checkpoint = read_checkpoint(tmp_path / "two/iter_2.pth")
    assert checkpoint["training"]["world_size"] == 2
    done = argus(*words, tmp_path / "none", "--cfg-options", "train_cfg.max_iters=0")
    assert done.status == 2
    assert done.err.count("train_cfg.max_iters") >= 1 and "Traceback" not in done.err
