"""Several processes of a command by torchrun, without its summary where one said why it ended.

``tools/dist_train.sh`` and ``argus train --processes N`` both end here.
"""

import contextlib
import logging
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from argus.errors import ConfigError
from argus.processes.parent_death import LAUNCHER
from argus.processes.stop_signals import STOP_SIGNALS, STOPPED

# Exit statuses of a command that says itself why: a mistake of the user, Ctrl-C, asked to stop.
EXPLAINED = (2, 130, STOPPED)
REQUEUE = "--requeue"
_PASSES_ON = sys.platform == "linux"  # elsewhere a process does not know its children


def launch(arguments: Sequence[str]) -> int:
    """Run torchrun with its own arguments.

    SIGTERM and SIGUSR1 are passed on to the processes, which finish their step and save, however
    long that takes. With ``--requeue`` among the arguments the command goes on from the newest
    checkpoint there is, and is started again when a process was asked to stop and this one was not.

    Returns:
        The exit status of the first process that failed, explained ones first; 0 if none did.
    """
    os.environ[LAUNCHER] = str(os.getpid())
    command = [argument for argument in arguments if argument != REQUEUE]
    requeue = len(command) < len(arguments)
    if requeue and "--resume" not in command:
        command.append("--resume")
    with _passing_signals_on() as received:
        while True:
            status = _run(command)
            if received and status not in EXPLAINED:  # before the processes could listen
                return 128 + received[0]
            if status != STOPPED or not requeue or received:
                return status


def _run(arguments: Sequence[str]) -> int:
    from torch.distributed import run as torchrun
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    logging.getLogger("torch.distributed.elastic.multiprocessing.api").addFilter(_is_news)
    try:
        # Those passed on are not for torchrun, which would kill the processes after 30 seconds.
        signals = ["--signals_to_handle", "SIGINT,SIGHUP,SIGQUIT"] if _PASSES_ON else []
        torchrun.run(torchrun.parse_args([*signals, *arguments]))
    except ChildFailedError as error:
        statuses = [failure.exitcode for failure in error.failures.values()]
        for status in EXPLAINED[:2]:
            if status in statuses:
                return status
        # Beside a process that failed, others that were asked to stop are no reason to go on.
        if STOPPED in statuses and set(statuses) <= {STOPPED, -signal.SIGTERM, -signal.SIGUSR1}:
            return STOPPED
        print(error, file=sys.stderr)
        return 1
    except SignalException as error:
        return 128 + int(error.sigval)
    return 0


@contextlib.contextmanager
def _passing_signals_on() -> Iterator[list[int]]:
    """Pass signals that ask to stop on to the child processes; yields those received.

    As SIGUSR1: by SIGTERM torchrun ends processes after one has failed.
    """
    received: list[int] = []

    def pass_on(number: int, frame: Any) -> None:
        received.append(number)
        for child in _children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGUSR1)

    numbers = STOP_SIGNALS if _PASSES_ON else ()
    before = {number: signal.signal(number, pass_on) for number in numbers}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _children() -> list[int]:
    """Process numbers of the child processes."""
    listed = Path("/proc/self/task").glob("*/children")
    return [int(number) for file in listed for number in file.read_text().split()]


def launch_command(command: Sequence[str], num_processes: int) -> int:
    """Run ``argus COMMAND`` in several processes: one per GPU, or on CPU cores where there is none.

    Several machines: ``NNODES``, ``NODE_RANK``, ``MASTER_ADDR`` and ``MASTER_PORT`` in the
    environment of each, as for ``tools/dist_train.sh``.

    Args:
        command: Sub-command and its arguments; it is told ``--launcher pytorch``.
        num_processes: Processes on this machine.

    Returns:
        As :func:`launch`.

    Raises:
        ConfigError: If a variable for several machines is missing.
    """
    # With as many processes as cores, more threads per process only wait for each other.
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    where = _rendezvous(os.environ)
    program = ["--nproc_per_node", str(num_processes), "--module", "argus"]
    return launch([*where, *program, *command, "--launcher", "pytorch"])


def _rendezvous(environment: Mapping[str, str]) -> list[str]:
    """Options of torchrun that say where the processes meet."""
    nodes = environment.get("NNODES") or "1"
    if nodes == "1":
        return ["--standalone"]
    for name in ("NODE_RANK", "MASTER_ADDR"):
        if not environment.get(name):
            raise ConfigError(f"NNODES is {nodes}: set {name} on every machine too.")
    return [
        *("--nnodes", nodes, "--node_rank", environment["NODE_RANK"]),
        *("--master_addr", environment["MASTER_ADDR"]),
        *("--master_port", environment.get("MASTER_PORT") or "29500"),
    ]


def _is_news(record: logging.LogRecord) -> bool:
    """Whether torchrun's log tells something that no process has told."""
    message = record.getMessage()
    ended = any(f"failed (exitcode: {status})" in message for status in EXPLAINED)
    return not ended and "closing signal" not in message
