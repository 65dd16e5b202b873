#!/usr/bin/env python3
"""Join a stage-1 checkpoint and decoders trained on its backbone into one model.

The same as ``argus merge``.
"""

import sys
from pathlib import Path

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from argus.commands import merge  # noqa: E402
from argus.commands.errors import user_errors  # noqa: E402
from argus.commands.tool import run_as_tool  # noqa: E402


def main(arguments: list[str] | None = None) -> int:
    """Merge and write the folder; 0, the exit status."""
    return run_as_tool(merge, "tools/checkpoints/merge.py", __doc__, arguments)


if __name__ == "__main__":
    with user_errors():
        status = main()
    sys.exit(status)
