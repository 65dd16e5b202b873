"""Two trainings never share a work dir, and a killed one does not keep it."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from mmengine.config import Config

from argus.engine import MultitaskRunner
from argus.engine.checkpoints import work_dir_lock as module
from argus.engine.checkpoints.work_dir_lock import NAME, work_dir_lock
from argus.errors import ConfigError
from tests.engine.toy_training import train
from tests.toy import toy_config

# Without importing all of Argus, which takes seconds.
HOLD = """
import importlib.util, os, sys, time, types
sys.modules["argus"] = types.ModuleType("argus")
def load(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    sys.modules[name] = found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found
root, folder, child = sys.argv[1:]
load("argus.errors", root + "/argus/errors.py")
lock = load("work_dir_lock", root + "/argus/engine/checkpoints/work_dir_lock.py")
with lock.work_dir_lock(folder):
    if child == "child" and not os.fork():
        time.sleep(60)
    print("held", flush=True)
    time.sleep(60)
"""
ROOT = Path(__file__).parents[3]


def hold(folder: Path, child: str = "no child") -> subprocess.Popen[str]:
    """Another process that holds the lock."""
    command = [sys.executable, "-c", HOLD, str(ROOT), str(folder), child]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    return process


def end(process: subprocess.Popen[str]) -> None:
    os.killpg(process.pid, 9)
    process.wait()


def write_holder(folder: Path, **changes: object) -> Path:
    """A lock as a training left it that ended without giving it back."""
    holder = dict(host="far", machine="another", pid=1234, started="2026-01-01 00:00:00")
    path = folder / NAME
    path.write_text(json.dumps(holder | changes))
    return path


def test_lock__second_process_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    process = hold(tmp_path)
    try:
        with pytest.raises(ConfigError) as caught, work_dir_lock(tmp_path):
            pass
    finally:
        end(process)
    for word in (str(tmp_path), f"process {process.pid} on {socket.gethostname()}", "--work-dir"):
        assert word in str(caught.value)


def test_lock__of_a_killed_process_is_free_at_once(tmp_path: Path) -> None:
    end(hold(tmp_path))
    told: list[str] = []
    with work_dir_lock(tmp_path, tell=told.append):
        assert json.loads((tmp_path / NAME).read_text())["pid"] == os.getpid()
    assert told == []
    assert (tmp_path / NAME).read_text() == "", "given back"


def test_lock__is_free_although_a_loader_process_of_the_killed_one_lives(tmp_path: Path) -> None:
    process = hold(tmp_path, "child")
    process.kill()  # it alone
    process.wait()
    try:
        with work_dir_lock(tmp_path):
            pass
    finally:
        os.killpg(process.pid, 9)


def test_lock__of_this_process_counts_too(tmp_path: Path) -> None:
    with work_dir_lock(tmp_path):
        with pytest.raises(ConfigError, match="another training of this process"):
            with work_dir_lock(tmp_path / "."):
                pass
        with work_dir_lock(make(tmp_path / "other")):
            pass
    with work_dir_lock(tmp_path):
        pass


def make(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_lock__is_given_back_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError), work_dir_lock(tmp_path):
        raise KeyError
    with work_dir_lock(tmp_path):
        pass


@pytest.mark.parametrize("holder", ["another", None])
def test_lock__of_another_machine_that_is_long_silent_is_taken(
    tmp_path: Path, holder: str | None
) -> None:
    path = write_holder(tmp_path) if holder else tmp_path / NAME
    if holder is None:
        path.write_text("no JSON")
    os.utime(path, (time.time() - 200, time.time() - 200))
    told: list[str] = []
    with work_dir_lock(tmp_path, tell=told.append):
        pass
    assert len(told) == 1 and "is taken over from" in told[0]


def test_lock__of_another_machine_that_was_killed_just_now_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SILENT_S", 0.5)
    monkeypatch.setattr(module, "_POLL_S", 0.05)
    write_holder(tmp_path)
    told: list[str] = []
    started = time.monotonic()
    with work_dir_lock(tmp_path, tell=told.append):
        assert 0.3 < time.monotonic() - started < 5
    assert "was held by process 1234 on far" in told[0] and "taken over" in told[1]


def test_lock__of_another_machine_that_lives_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_POLL_S", 0.05)
    path = write_holder(tmp_path)
    beat = threading.Timer(0.3, lambda: os.utime(path))
    beat.start()
    with pytest.raises(ConfigError, match="process 1234 on far .*3 minutes after its last sign"):
        with work_dir_lock(tmp_path):
            pass
    beat.join()


@pytest.mark.parametrize("pid_lives", [False, True])
def test_lock__where_the_file_system_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pid_lives: bool
) -> None:
    """A dead process of this machine is told at once; a living one may be another, so: silence."""

    def none(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(module.fcntl, "lockf", none)
    dead = subprocess.Popen(["true"])
    dead.wait()
    pid = os.getppid() if pid_lives else dead.pid
    path = write_holder(tmp_path, machine=module._machine(), pid=pid)
    os.utime(path, (time.time() - 200, time.time() - 200))
    told: list[str] = []
    with work_dir_lock(tmp_path, tell=told.append):
        pass
    assert len(told) == pid_lives


def test_lock__is_touched_while_it_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BEAT_S", 0.05)
    with work_dir_lock(tmp_path):
        os.utime(tmp_path / NAME, (1, 1))
        end_at = time.monotonic() + 10
        while (tmp_path / NAME).stat().st_mtime < 2 and time.monotonic() < end_at:
            time.sleep(0.02)
        assert (tmp_path / NAME).stat().st_mtime > 2


def test_training__holds_it_and_a_test_does_not(tmp_path: Path) -> None:
    process = hold(tmp_path)
    leftover = tmp_path / ".iter_2.pth.77.part"
    leftover.touch()
    try:
        with pytest.raises(ConfigError, match="is in use"):
            train(tmp_path, train_cfg=dict(max_iters=1))
        assert leftover.exists(), "which the other may be writing"
        tester = MultitaskRunner.from_cfg(Config(toy_config(tmp_path, train_cfg=None)))
        assert "semantic/mIoU" in tester.test()
    finally:
        end(process)
    train(tmp_path, train_cfg=dict(max_iters=1))
    assert not leftover.exists()
