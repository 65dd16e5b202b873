"""The server under twenty clients: every good request answered rightly, memory flat."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from argus.serve.folder import remove_leftovers
from tests.serve.browser import Browser, free_port
from tests.serve.soak import Soak
from tests.serve.soak_server import TASKS

pytest.importorskip("gradio", reason="the extra 'serve' is not installed")


@contextmanager
def server(model: str, folder: Path) -> Iterator[Soak]:
    """A load on a server of its own process, which ends with it."""
    port = free_port()
    environment = {**os.environ, "TMPDIR": str(folder), "PYTHONPATH": os.pathsep.join(sys.path)}
    environment["OMP_NUM_THREADS"] = "1"
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "tests.serve.soak_server", str(port), model],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert any("Argus is at" in line for line in process.stdout)
            assert [path.is_dir() for path in folder.glob("argus-page-*/uploads")] == [True]
            assert remove_leftovers(folder) == [], "it is in use"
            yield Soak(port=port, process=process.pid, tasks=TASKS)
        finally:
            process.terminate()
            status = process.wait(timeout=60)
    assert status == 0
    assert list(folder.glob("argus-page-*")) == [], "the uploads go with the server"


def check(soak: Soak, *, growth_mib: float) -> None:
    assert soak.wrong == []
    assert soak.is_complete()
    third = len(soak.memory) // 3
    assert max(soak.memory[-third:]) < max(soak.memory[: 2 * third]) + growth_mib


def test_serve__under_load(tmp_path: Path) -> None:
    with server("fake", tmp_path) as soak:
        open_files = soak.num_open_files()
        soak.run(4)
        check(soak, growth_mib=60)
        # The last who stalled are found out.
        Browser.wait(lambda: soak.num_open_files() <= open_files + 5, 10, "files stay open")


@pytest.mark.slow
def test_serve__under_load_for_five_minutes(tmp_path: Path) -> None:
    with server("network", tmp_path) as soak:
        soak.run(300)
        print(soak)
        check(soak, growth_mib=20)
