"""The bash scripts around Slurm, on programs that stand for Slurm's."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.tools.scripts import TOOLS, FakePrograms, bash


def with_path(program: Path) -> str:
    return f"{program.parent}:{os.environ['PATH']}"


def test_slurm_train__srun_line(fake: FakePrograms) -> None:
    setting = dict(GPUS="16", GPUS_PER_NODE="8", CPUS_PER_TASK="5", SRUN_ARGS="--qos high")
    arguments = ("gpu", "stage1", "config.py", "--resume")
    path = with_path(fake("srun"))
    status, out, _ = bash("slurm_train.sh", *arguments, PATH=path, PYTHON="py", **setting)
    assert status == 0
    assert out == [
        *("-p", "gpu", "--job-name=stage1", "--gres=gpu:8", "--ntasks=16"),
        *("--ntasks-per-node=8", "--cpus-per-task=5", "--kill-on-bad-exit=1", "--qos", "high"),
        *("bash", str(TOOLS / "slurm_step.sh"), "py", "-u", str(TOOLS / "train.py")),
        *("config.py", "--resume", "--launcher", "slurm"),
    ]


def test_slurm_train__requeue_submits_a_batch_job(fake: FakePrograms, tmp_path: Path) -> None:
    path = with_path(fake("sbatch"))
    arguments = ("gpu", "stage1", "my config.py", "--requeue")
    setting = dict(GPUS="2", SBATCH_ARGS="--time=4:00:00", SECONDS_BEFORE_END="60")
    status, out, _ = bash("slurm_train.sh", *arguments, PATH=path, PYTHON="py", **setting)
    assert status == 0
    assert {"--ntasks=2", "--requeue", "--signal=USR1@60", "--time=4:00:00"} <= set(out)
    assert out[-2] == "--wrap"
    # What the job runs, on a machine of the allocation: the same call, which starts a step there.
    path = with_path(fake("srun"))
    done = subprocess.run(
        ["bash", "-c", out[-1]],
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": path, "PYTHON": "py", "SLURM_JOB_ID": "41", "GPUS": "2"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-4:] == ["my config.py", "--requeue", "--launcher", "slurm"]


@pytest.mark.parametrize(("status", "queued"), [(75, True), (0, False), (1, False), (2, False)])
def test_slurm_requeue__queues_again_what_can_go_on(
    fake: FakePrograms, tmp_path: Path, status: int, queued: bool
) -> None:
    path = with_path(fake("scontrol"))
    job = tmp_path / "job.sh"
    # Signals that are for the command may reach the script as well.
    job.write_text(f'kill -TERM "$PPID"; kill -USR1 "$PPID"; exit {status}\n')
    found, out, _ = bash("slurm_requeue.sh", job, PATH=path, SLURM_JOB_ID="41")
    assert out == (["requeue", "41"] if queued else [])
    assert found == (0 if queued else status)


def test_slurm_step__a_port_of_its_own_for_every_job() -> None:
    def port(**environment: str) -> str:
        command = ("slurm_step.sh", "printenv", "MASTER_PORT")
        return bash(*command, **environment)[1][0]

    assert port(SLURM_JOB_ID="41") != port(SLURM_JOB_ID="42")
    assert 1024 < int(port(SLURM_JOB_ID="99999999")) < 65536
    assert port(SLURM_JOB_ID="41", MASTER_PORT="1234") == "1234"


def test_slurm_test__fewer_gpus_than_a_node_has(fake: FakePrograms) -> None:
    arguments = ("gpu", "numbers", "config.py", "last.pth")
    path = with_path(fake("srun"))
    status, out, _ = bash("slurm_test.sh", *arguments, PATH=path, PYTHON="py", GPUS="2")
    assert status == 0
    assert {"--gres=gpu:2", "--ntasks=2", "--ntasks-per-node=2"} <= set(out)
    tool = str(TOOLS / "test.py")
    assert out[-6:] == ["-u", tool, "config.py", "last.pth", "--launcher", "slurm"]


def test_slurm_train__without_slurm(tmp_path: Path) -> None:
    for name in ("bash", "dirname"):
        target = next(p for p in os.environ["PATH"].split(":") if (Path(p) / name).exists())
        (tmp_path / name).symlink_to(Path(target) / name)
    status, _, stderr = bash("slurm_train.sh", "gpu", "job", "config.py", PATH=str(tmp_path))
    assert status == 2 and "srun is not on this machine" in stderr
