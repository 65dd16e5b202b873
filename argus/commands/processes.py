"""``--processes N`` of the commands that run on several GPUs."""

import argparse

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


def launches(args: argparse.Namespace) -> bool:
    """Whether the command has to be started N times; a process so started has a launcher.

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
    return args.processes > 1 and args.launcher == "none"
