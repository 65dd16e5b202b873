"""Processes that end with their parent."""

import os
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from argus.processes import parent_death
from argus.processes.parent_death import end_with_parent

ROOT = Path(__file__).parents[2]


def test_parent__that_ended_before_the_call() -> None:
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
    program += "from argus.processes.parent_death import end_with_parent; end_with_parent(1234567)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 1


def test_parent__elsewhere_is_looked_after_by_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr(parent_death.sys, "platform", "darwin")
    monkeypatch.setattr(parent_death, "_POLL_SECONDS", 0.01)
    monkeypatch.setattr(parent_death.os, "_exit", ended.append)
    threads: list[threading.Thread] = []

    class Noted(threading.Thread):
        def start(self) -> None:
            threads.append(self)
            super().start()

    # Other threads of the process are none of its business.
    monkeypatch.setattr(parent_death, "threading", SimpleNamespace(Thread=Noted))
    end_with_parent(os.getppid())
    assert ended == []
    monkeypatch.setattr(parent_death.os, "getppid", lambda: 1)
    threads[0].join(timeout=10)
    assert ended == [1]
