"""Steps of a demo, which are commands of their own."""

import os
import signal
import sys
import threading
import time

import pytest

from argus.processes.stop_signals import STOPPED
from tools.demo.steps import Demo

_SLOW_TO_STOP = """
import os, pathlib, signal, sys, time
def stop(number, frame):
    pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))
    sys.exit(3)
signal.signal(signal.SIGTERM, stop)
pathlib.Path(sys.argv[1] + ".begun").touch()
time.sleep(60)
"""


def test_demo_that_is_asked_to_end__ends_its_step_and_waits_for_it(tmp_path) -> None:
    demo, saved = Demo(tmp_path, work_dir=tmp_path), tmp_path / "saved"

    def end() -> None:
        while not (tmp_path / "saved.begun").exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)

    handler = signal.getsignal(signal.SIGTERM)
    threading.Thread(target=end, daemon=True).start()
    with pytest.raises(SystemExit) as stopped:
        demo.step("long", [sys.executable, "-c", _SLOW_TO_STOP, str(saved)])
    assert stopped.value.code == STOPPED
    with pytest.raises(ProcessLookupError):
        os.kill(int(saved.read_text()), 0)
    assert signal.getsignal(signal.SIGTERM) is handler
