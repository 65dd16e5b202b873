"""``--processes N`` of the commands that run on several GPUs."""

import argparse
from collections.abc import Callable

from argus.errors import ConfigError


def add_processes(parser: argparse.ArgumentParser) -> None:
    """Add the option."""
    parser.add_argument(
        "--processes",
        "--gpus",
        type=int,
        default=1,
        metavar="N",
        help="processes, one per GPU (or on CPU cores where there is none); default 1",
    )


def run_in_processes(args: argparse.Namespace, work: Callable[[argparse.Namespace], None]) -> int:
    """Do the work of a command here, or start the command N times; the exit status.

    A process so started has a launcher.

    Args:
        args: With ``processes``, ``launcher`` and ``command_line``.
        work: What one process does.

    Raises:
        ConfigError: If N is no count, or another launcher starts the processes.
    """
    if args.processes < 1:
        raise ConfigError(f"--processes: expected a number of at least 1, found {args.processes}.")
    if args.processes > 1 and args.launcher in ("slurm", "mpi"):
        raise ConfigError(
            f"--launcher {args.launcher} says that the processes are there already: leave out "
            "--processes."
        )
    if args.processes > 1 and args.launcher == "none":
        from argus.commands.launch import launch_command

        return launch_command(args.command_line, args.processes)
    work(args)
    return 0
