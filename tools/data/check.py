#!/usr/bin/env python3
"""Check the data that a config needs, before a long run meets what is wrong with it.

The same as ``argus check``.
"""

import sys
from pathlib import Path

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from argus.commands import check  # noqa: E402
from argus.commands.errors import user_errors  # noqa: E402
from argus.commands.tool import run_as_tool  # noqa: E402


def main(argv: list[str] | None = None) -> int:
    """Check and print; 1 if there is an error, else 0."""
    return run_as_tool(check, "tools/data/check.py", __doc__, argv)


if __name__ == "__main__":
    with user_errors(saved="files"):
        status = main()
    sys.exit(status)
