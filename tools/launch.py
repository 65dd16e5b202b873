#!/usr/bin/env python3
"""torchrun, without its summary where a process has said itself why it ended.

Usage: tools/launch.py [options of torchrun] TOOL [arguments of the tool]
"""

import logging
import sys
from pathlib import Path

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from argus.apis.cli import user_errors  # noqa: E402

EXPLAINED = (2, 130)  # exit statuses of a tool: a mistake of the user, Ctrl-C


def is_news(record: logging.LogRecord) -> bool:
    """Whether torchrun's log tells something that no process has told."""
    message = record.getMessage()
    ended = any(f"failed (exitcode: {status})" in message for status in EXPLAINED)
    return not ended and "closing signal" not in message


def launch(arguments: list[str]) -> int:
    """Run the processes; the exit status of the first that failed, explained ones first."""
    from torch.distributed import run as torchrun
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    logging.getLogger("torch.distributed.elastic.multiprocessing.api").addFilter(is_news)
    try:
        torchrun.run(torchrun.parse_args(arguments))
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


if __name__ == "__main__":
    with user_errors():
        sys.exit(launch(sys.argv[1:]))
