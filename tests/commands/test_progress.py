"""Progress: on a terminal only, and never on stdout."""

import os
import pty
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = """
from argus.commands.progress import progress
with progress("images", total=3) as bar:
    for index in range(3):
        print("result", index)
        bar.advance(bar.task_ids[0])
"""
RESULTS = b"result 0\nresult 1\nresult 2\n"


def test_progress__quiet_in_a_pipe() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (RESULTS, b"")


def test_progress__bar_on_a_terminal_and_results_in_the_pipe() -> None:
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm"},
        check=True,
    )
    os.close(theirs)
    shown = os.read(ours, 10_000)
    os.close(ours)
    assert done.stdout == RESULTS
    assert b"images" in shown and b"3/3" in shown and b"result" not in shown
