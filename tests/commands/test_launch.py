"""The launcher of several processes: signals, statuses, starting again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from argus.commands import errors
from argus.commands import launch as launching
from argus.commands.launch import launch
from argus.errors import DataError

ROOT = Path(__file__).parents[2]
# A process of a training, without what takes long to import.
PROGRAM = """
import os, signal, sys, time
sys.path.insert(0, {root!r})
from argus.processes.parent_death import end_with_parent
end_with_parent(os.getppid())
def stop(number, frame):
    time.sleep(0.3)  # a step and a checkpoint
    os.write(1, f"saved {{os.environ['RANK']}} {{sys.argv[1:]}}\\n".encode())
    os._exit(75)
for number in (signal.SIGTERM, signal.SIGUSR1):
    signal.signal(number, stop)
os.write(1, f"pid {{os.getpid()}}\\n".encode())
time.sleep(60)
"""


@contextmanager
def launched(tmp_path: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen, list[int]]]:
    """A launcher of two processes that have started, and their numbers."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM.format(root=str(ROOT)))
    command = [sys.executable, str(ROOT / "tools/launch.py"), "--standalone"]
    command += ["--nproc_per_node", "2", str(program), *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        yield process, processes_of(process)
        process.kill()


def processes_of(launcher: subprocess.Popen) -> list[int]:
    assert launcher.stdout is not None
    return [int(launcher.stdout.readline().split()[1]) for _ in range(2)]


def wait_until_ended(numbers: list[int]) -> None:
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{number}").exists() for number in numbers):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_signal__reaches_every_process_and_its_status_comes_back(tmp_path: Path) -> None:
    with launched(tmp_path) as (launcher, processes):
        launcher.send_signal(signal.SIGUSR1)
        out, err = launcher.communicate(timeout=60)
        assert launcher.returncode == 75, err
        assert sorted(out.splitlines()) == ["saved 0 []", "saved 1 []"]
        wait_until_ended(processes)


def test_status__of_a_process_that_failed_comes_before_those_that_were_asked_to_stop(
    tmp_path: Path,
) -> None:
    program = tmp_path / "program.py"
    program.write_text("import os, sys; sys.exit(1 if os.environ['RANK'] == '0' else 75)")
    assert launch(["--standalone", "--nproc_per_node", "2", str(program), "--requeue"]) == 1


def test_status__of_a_mistake_comes_back_with_one_message_and_without_a_summary(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    program = tmp_path / "program.py"
    lines = (
        f"import sys, time; sys.path.insert(0, {str(ROOT)!r})",
        "import os; from argus.commands.errors import user_errors",
        "from argus.errors import ConfigError",
        "with user_errors():",
        "    if os.environ['RANK'] == '0': time.sleep(0.5)  # the first one is late",
        "    raise ConfigError('a misspelt key')",
    )
    program.write_text("\n".join(lines))
    assert launch(["--standalone", "--nproc_per_node", "3", str(program)]) == 2
    lines = [line for line in capfd.readouterr().err.splitlines() if "arning" not in line]
    assert [line for line in lines if line] == ["ConfigError: a misspelt key"]


@pytest.mark.parametrize("name", ["LOCAL_RANK", "SLURM_LOCALID", "OMPI_COMM_WORLD_LOCAL_RANK"])
def test_mistake__the_first_process_of_a_machine_says_it(
    name: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    for number in ("0", "4"):
        monkeypatch.setenv(name, number)
        with pytest.raises(SystemExit), errors.user_errors():
            raise DataError("a bad label")
        assert waited == ([] if number == "0" else [5])
    assert capfd.readouterr().err == "\nDataError: a bad label\n" * 2


def test_mistake__of_one_of_several_processes_is_one_line_with_its_number(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    ended: list[int] = []
    monkeypatch.setattr(errors, "_in_process_group", lambda: True)
    monkeypatch.setattr(errors, "_exit_at_once", ended.append)
    monkeypatch.setenv("RANK", "1")
    with pytest.raises(SystemExit), errors.user_errors():
        raise DataError("a bad label")
    assert ended == [2]
    assert capfd.readouterr().err == "\n[rank 1] DataError: a bad label\n"


def test_killed_launcher__takes_the_processes_with_it(tmp_path: Path) -> None:
    with launched(tmp_path) as (launcher, processes):
        launcher.kill()
        wait_until_ended(processes)


def test_requeue__starts_again_when_a_process_was_asked_to_stop(tmp_path: Path) -> None:
    with launched(tmp_path, "--requeue") as (launcher, processes):
        for process in processes:
            os.kill(process, signal.SIGUSR1)
        assert launcher.stdout is not None
        saved = [launcher.stdout.readline() for _ in range(2)]
        assert sorted(saved) == ["saved 0 ['--resume']\n", "saved 1 ['--resume']\n"]
        again = processes_of(launcher)
        assert not set(again) & set(processes)
        launcher.send_signal(signal.SIGTERM)  # passed on as well
        assert launcher.wait(timeout=60) == 75, "asked itself, it does not start again"
        saved = [launcher.stdout.readline() for _ in range(2)]
        assert sorted(saved) == ["saved 0 ['--resume']\n", "saved 1 ['--resume']\n"]
        wait_until_ended(again)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["train.py", "--requeue"], ["train.py", "--resume"]),
        (["train.py", "--requeue", "--resume", "a.pth"], ["train.py", "--resume", "a.pth"]),
        (["train.py"], ["train.py"]),
    ],
)
def test_requeue__resumes(
    given: list[str], expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[list[str]] = []
    monkeypatch.setattr(launching, "_run", lambda arguments: called.append(arguments) or 0)
    assert launch(given) == 0
    assert called == [expected]
