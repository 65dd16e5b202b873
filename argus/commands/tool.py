"""A script of ``tools/`` that is one of the commands: its arguments and its work are that one's."""

import argparse
import sys
from collections.abc import Sequence
from types import ModuleType


def run_as_tool(
    command: ModuleType, tool: str, doc: str | None, argv: Sequence[str] | None = None
) -> int:
    """Read the command line of a script and do the command's work.

    Args:
        command: Module of the command.
        tool: Path of the script in the repository, for its examples.
        doc: Docstring of the script, whose first line is the description.
        argv: Arguments; those of the process by default.

    Returns:
        The exit status.
    """
    name = command.__name__.rpartition(".")[2]
    parser = argparse.ArgumentParser(
        description=(doc or "").splitlines()[0].replace("``", ""),
        epilog=command.EPILOG.replace(f"argus {name}", tool),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_arguments(parser)
    arguments = sys.argv[1:] if argv is None else list(argv)
    args = parser.parse_args(arguments)
    args.command_line = [name, *arguments]
    return int(command.run(args))
