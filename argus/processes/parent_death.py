"""A process that ends with its parent, whatever ended that.

A loader process whose parent is killed would stay for ever: it holds the reading end of its own
queue, so that the write it waits in never fails. The kernel is asked to kill it instead.
"""

import ctypes
import os
import signal
import sys
import threading
import time

LAUNCHER = "ARGUS_LAUNCHER"
"""Environment variable by which a launcher tells its processes its process number."""

_PR_SET_PDEATHSIG = 1
_POLL_SECONDS = 1.0


def end_with_parent(parent: int) -> None:
    """Have this process killed when its parent ends.

    On Linux by the kernel, which watches the thread that started this process; so that thread must
    live as long as the process is needed. Elsewhere a thread looks once a second.

    Args:
        parent: Process number of the parent, as the parent itself knows it.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    else:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    if os.getppid() != parent:  # it ended before the call
        os._exit(1)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_POLL_SECONDS)
    os._exit(1)
