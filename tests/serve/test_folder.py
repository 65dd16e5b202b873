"""What a killed server leaves behind, and what is left alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from argus.serve.folder import remove_leftovers
from tests.serve.browser import free_port


def test_remove_leftovers__of_dead_servers_alone(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead = tmp_path / f"argus-page-{ended.pid}-abc"
    (dead / "uploads").mkdir(parents=True)
    (dead / "uploads" / "photo.jpg").write_bytes(b"a photo")
    for name in (f"argus-page-{os.getpid()}-abc", "argus-page-notes", f"other-{ended.pid}-abc"):
        (tmp_path / name).mkdir()
    (tmp_path / f"argus-page-{ended.pid}-link").symlink_to(tmp_path / "argus-page-notes")

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
        server.terminate()
        assert server.wait(timeout=60) == 0
    assert list(tmp_path.glob("argus-page-*")) == []
