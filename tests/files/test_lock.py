"""A file that one process holds: others are refused until it ends, however it does."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from argus.files.lock import hold

HOLDER = """
import sys, time
from pathlib import Path
from argus.files.lock import hold
file = hold(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


def test_hold__another_process_is_refused_until_the_first_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    command = [sys.executable, "-c", HOLDER, str(path)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        for needs_locks in (True, False):
            with pytest.raises(BlockingIOError):
                hold(path, needs_locks=needs_locks)
        holder.send_signal(signal.SIGKILL)
    hold(path).close()


def test_hold__keeps_what_is_there_and_goes_on_at_its_end(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"one")
    with hold(path) as file:
        file.write(b" two")
    assert path.read_bytes() == b"one two"


def test_hold__disk_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(file: object, how: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(OSError, match="No locks available"):
        hold(tmp_path / "file")
    with hold(tmp_path / "file", needs_locks=False) as file:
        assert not file.closed
