"""The bash scripts of tools/, and those that start several processes on a machine."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.tools.scripts import TOOLS, FakePrograms, bash


@pytest.mark.parametrize("script", sorted(path.name for path in TOOLS.glob("*.sh")))
def test_scripts__parse_and_may_be_run(script: str) -> None:
    assert subprocess.run(["bash", "-n", TOOLS / script], check=False).returncode == 0
    assert os.access(TOOLS / script, os.X_OK)


@pytest.mark.parametrize(
    ("script", "arguments"),
    [
        ("dist_train.sh", ["config.py"]),
        ("dist_test.sh", ["config.py", "2"]),
        ("slurm_train.sh", ["partition", "job"]),
        ("slurm_test.sh", ["partition", "job", "config.py"]),
    ],
)
def test_scripts__usage(script: str, arguments: list[str]) -> None:
    status, out, stderr = bash(script, *arguments)
    assert (status, out) == (2, [])
    assert stderr.startswith("usage: ") and "CONFIG" in stderr


@pytest.mark.parametrize("number", ["none", "0", "-1", "2x", ""])
def test_dist_train__number_of_processes(number: str) -> None:
    status, _, stderr = bash("dist_train.sh", "config.py", number)
    assert status == 2 and f"NUM_PROCESSES must be a number of at least 1, got '{number}'" in stderr


def test_dist_train__one_machine(fake: FakePrograms) -> None:
    python = fake("python")
    status, out, _ = bash("dist_train.sh", "a config.py", 4, "--amp", PYTHON=str(python))
    assert status == 0
    assert out == [
        *(str(TOOLS / "launch.py"), "--standalone", "--nproc_per_node", "4"),
        *(str(TOOLS / "train.py"), "a config.py", "--amp", "--launcher", "pytorch"),
    ]


def test_dist_train__cfg_options_end_before_the_launcher(fake: FakePrograms) -> None:
    arguments = ("config.py", 2, "--cfg-options", "a=1", "b=2")
    _, out, _ = bash("dist_train.sh", *arguments, PYTHON=str(fake("python")))
    assert out[-5:] == ["--cfg-options", "a=1", "b=2", "--launcher", "pytorch"]


def test_dist_test__model_needs_no_checkpoint(fake: FakePrograms, tmp_path: Path) -> None:
    python = str(fake("python"))
    _, out, _ = bash("dist_test.sh", tmp_path, 2, "--tasks", "depth", PYTHON=python)
    end = [str(TOOLS / "test.py"), str(tmp_path), "--tasks", "depth", "--launcher", "pytorch"]
    assert out[-6:] == end
    assert bash("dist_test.sh", tmp_path, PYTHON=python)[0] == 2


def test_dist_test__several_machines(fake: FakePrograms) -> None:
    nodes = dict(NNODES="3", NODE_RANK="1", MASTER_ADDR="head", MASTER_PORT="1234")
    arguments = ("config.py", "last.pth", 8)
    status, out, _ = bash("dist_test.sh", *arguments, PYTHON=str(fake("python")), **nodes)
    assert status == 0
    assert out == [
        *(str(TOOLS / "launch.py"), "--nnodes", "3", "--node_rank", "1"),
        *("--master_addr", "head", "--master_port", "1234", "--nproc_per_node", "8"),
        *(str(TOOLS / "test.py"), "config.py", "last.pth", "--launcher", "pytorch"),
    ]


@pytest.mark.parametrize("missing", ["NODE_RANK", "MASTER_ADDR"])
def test_dist_train__several_machines_need_their_variables(
    fake: FakePrograms, missing: str
) -> None:
    nodes = {"NNODES": "2", "NODE_RANK": "0", "MASTER_ADDR": "head", missing: ""}
    status, out, stderr = bash("dist_train.sh", "c.py", 2, PYTHON=str(fake("python")), **nodes)
    assert status != 0 and out == [] and f"set {missing}" in stderr


def test_dist_train__python_of_the_active_environment(fake: FakePrograms, tmp_path: Path) -> None:
    fake("python")
    active = dict(PYTHON="", VIRTUAL_ENV=str(tmp_path))
    status, out, _ = bash("dist_train.sh", "config.py", 2, **active)
    assert status == 0 and out[0] == str(TOOLS / "launch.py")
