#!/usr/bin/env python3
"""Get a small public data set: ``get.py camvid``.

The same as ``argus get``.
"""

import sys
from pathlib import Path

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from argus.commands import get  # noqa: E402
from argus.commands.errors import user_errors  # noqa: E402
from argus.commands.tool import run_as_tool  # noqa: E402


def main(argv: list[str] | None = None) -> int:
    """Get the data set and print its counts; 1 if some differ from the published ones, else 0."""
    return run_as_tool(get, "tools/data/get.py", __doc__, argv)


if __name__ == "__main__":
    with user_errors(saved="parts of the file"):
        status = main()
    sys.exit(status)
