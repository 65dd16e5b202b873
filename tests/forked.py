"""Processes forked from one that has imported the libraries and done nothing: a start is cheap.

That one is itself forked from the process of the tests, when it has collected them; another would
import for seconds, as it does (``tests/preload.py``) where there is no ``/proc``.
"""

import contextlib
import faulthandler
import functools
import multiprocessing
import os
import stat
import sys
import traceback
import warnings
from collections.abc import Callable, Iterable, Sequence
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]


@functools.cache
def forking() -> ForkServerContext:
    """A context of :mod:`multiprocessing`; the process that is forked ends with this one."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.preload"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT), prepend=":")
        patch.setenv("HF_HUB_OFFLINE", "1")
        forkserver.ensure_running()
    return context


def fork_from_here() -> None:
    """Let processes be forked from what this one is now; its threads are not copied."""
    resource_tracker.ensure_running()
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # there are threads: those of xdist
        patch.setattr(forkserver.util, "spawnv_passfds", _fork)
        forking()


def _fork(path: str, words: Sequence[str], descriptors: Iterable[int]) -> int:
    """In place of starting a Python whose last word is its program."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        faulthandler.disable()  # its file may be a pipe
        # One pipe would tell it that the process of the tests lives, others are those of xdist.
        for name in os.listdir("/proc/self/fd"):
            number = int(name)
            with contextlib.suppress(OSError):  # that of the list itself is closed
                mode = os.fstat(number).st_mode
                if number not in {0, 1, 2, *descriptors} and (
                    stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
                ):
                    os.close(number)
        if hub := sys.modules.get("huggingface_hub.constants"):
            hub.HF_HUB_OFFLINE = True  # as it would read from the environment
        exec(words[-1], {})
    except SystemExit:
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def start_forked(function: Callable[..., Any], *arguments: Any) -> ForkServerProcess:
    """Start a process that calls a function."""
    process = forking().Process(target=_call, args=(function, arguments))
    process.start()
    return process


def call_forked(function: Callable[..., Any], *arguments: Any, timeout_s: float) -> Any:
    """What a function returns in a process of its own.

    Raises:
        EOFError: It ended without; its traceback is on stderr.
        TimeoutError: It took longer than ``timeout_s``.
    """
    ours, theirs = forking().Pipe(duplex=False)
    process = start_forked(_answer, theirs, function, arguments)
    theirs.close()
    try:
        if not ours.poll(timeout_s):
            raise TimeoutError(f"{function.__qualname__} takes more than {timeout_s} s")
        return ours.recv()
    finally:
        process.kill()
        process.join()


def _call(function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    # As in a process that was not started in this way: loaders fork theirs.
    multiprocessing.set_start_method("fork", force=True)
    function(*arguments)


def _answer(pipe: Connection, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    pipe.send(function(*arguments))
