"""Processes of ``argus train`` and ``argus test``, several at once, each with devices of its own.

Each is in a session of its own: Ctrl-C is for the command that started them, which asks them to
stop (SIGTERM), so that every training saves a checkpoint to go on from.
"""

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import argus

_ROOT = str(Path(argus.__file__).resolve().parents[1])
_DEVICES = "CUDA_VISIBLE_DEVICES"
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")


class Children:
    """Run commands of Argus, at most ``parallel`` at once.

    Args:
        parallel: How many places there are; who wants more waits.
        processes: Processes of each command.
    """

    def __init__(self, *, parallel: int, processes: int = 1) -> None:
        self.processes = processes
        self._places: queue.Queue[dict[str, str]] = queue.Queue()
        for place in range(parallel):
            self._places.put(_environment(place, parallel, processes))
        self._lock = threading.Lock()
        self._alive: set[subprocess.Popen[bytes]] = set()
        self._stopped = False

    def call(self, words: Sequence[str], *, console: Path) -> int:
        """Run ``argus WORDS`` and wait for it.

        Args:
            words: Of the command line.
            console: File that what it prints is added to.

        Returns:
            Its exit status; negative where a signal ended it.
        """
        command = [sys.executable, "-m", "argus", *words]
        if self.processes > 1:
            command += ["--processes", str(self.processes)]
        environment = self._places.get()
        try:
            with console.open("ab") as output:
                with self._lock:
                    if self._stopped:
                        return -signal.SIGTERM
                    child = subprocess.Popen(
                        command,
                        stdin=subprocess.DEVNULL,
                        stdout=output,
                        stderr=subprocess.STDOUT,
                        env=os.environ | environment,
                        start_new_session=True,
                    )
                    self._alive.add(child)
                status = child.wait()
            with self._lock:
                self._alive.discard(child)
            return status
        finally:
            self._places.put(environment)

    def stop(self) -> None:
        """Ask all to stop, and start no others."""
        with self._lock:
            self._stopped = True
            for child in self._alive:
                child.terminate()


def _environment(place: int, parallel: int, processes: int) -> dict[str, str]:
    """Variables of the commands in one place: its devices, and a share of the cores."""
    path = os.pathsep.join([_ROOT, *filter(None, [os.environ.get("PYTHONPATH")])])
    variables = {"PYTHONPATH": path}
    if parallel == 1:
        return variables
    devices = _devices()
    if devices:
        first = place * processes
        chosen = [devices[(first + index) % len(devices)] for index in range(processes)]
        variables[_DEVICES] = ",".join(dict.fromkeys(chosen))
    threads = max(1, len(os.sched_getaffinity(0)) // parallel)
    return variables | {n: str(threads) for n in _THREADS if n not in os.environ}


def _devices() -> list[str]:
    """Names of the GPUs that this process may use."""
    named = os.environ.get(_DEVICES)
    if named is not None:
        return [name for name in named.split(",") if name]
    import torch

    return [str(index) for index in range(torch.cuda.device_count())]


def how_it_ended(status: int) -> str:
    """An exit status in words."""
    if status < 0:
        return f"ended by {signal.Signals(-status).name}"
    return f"exit status {status}"
