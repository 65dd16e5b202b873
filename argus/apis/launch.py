"""Several processes of a command by torchrun, without its summary where one said why it ended.

``tools/dist_train.sh`` and ``argus train --processes N`` both end here.
"""

import logging
import os
import sys
from collections.abc import Mapping, Sequence

from argus.errors import ConfigError

EXPLAINED = (2, 130)  # exit statuses of a command: a mistake of the user, Ctrl-C


def launch(arguments: Sequence[str]) -> int:
    """Run torchrun with its own arguments.

    Returns:
        The exit status of the first process that failed, explained ones first; 0 if none did.
    """
    from torch.distributed import run as torchrun
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    logging.getLogger("torch.distributed.elastic.multiprocessing.api").addFilter(_is_news)
    try:
        torchrun.run(torchrun.parse_args(list(arguments)))
    except ChildFailedError as error:
        statuses = [failure.exitcode for failure in error.failures.values()]
        for status in EXPLAINED:
            if status in statuses:
                return status
        print(error, file=sys.stderr)
        return 1
    except SignalException as error:
        return 128 + int(error.sigval)
    return 0


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
