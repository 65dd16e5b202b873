"""Processes forked from one that has imported the libraries and done nothing: a start is cheap."""

import functools
import multiprocessing
from collections.abc import Callable
from multiprocessing import forkserver
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
