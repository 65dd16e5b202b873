"""What a killed server leaves behind, and what is left alone."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from argus.serve.folder import _LOCK, remove_leftovers
from tests.serve.browser import free_port


def test_remove_leftovers__of_dead_servers_alone(tmp_path: Path) -> None:
    """A lock tells, not a number of a process: another container has the same numbers."""
    dead, alive = tmp_path / "argus-page-dead", tmp_path / "argus-page-alive"
    for folder in (dead, alive):
        (folder / "uploads").mkdir(parents=True)
        (folder / "uploads" / "photo.jpg").write_bytes(b"a photo")
        (folder / _LOCK).touch()
    for name in ("argus-page-notes", "other"):
        (tmp_path / name).mkdir()
    (tmp_path / "argus-page-link").symlink_to(dead)

    with (alive / _LOCK).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert remove_leftovers(tmp_path) == [dead]
    assert len(list(tmp_path.iterdir())) == 4


def test_run__sigterm_deletes_the_uploads(tmp_path: Path) -> None:
    pytest.importorskip("gradio", reason="the extra 'serve' is not installed")
    code = (
        "from argus.serve import run; from tests.serve.fake_model import FakeModel; "
        f"run(FakeModel('depth'), port={free_port()}, examples=False)"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-u", "-c", code], env=environment, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        assert any("Argus is at" in line for line in server.stdout)
        assert [path.is_dir() for path in tmp_path.glob("argus-page-*/uploads")] == [True]
        assert remove_leftovers(tmp_path) == []
        server.terminate()
        assert server.wait(timeout=60) == 0
    assert list(tmp_path.glob("argus-page-*")) == []
