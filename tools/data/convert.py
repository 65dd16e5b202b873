#!/usr/bin/env python3
"""Bring a public download into the layout that configs read: ``convert.py coco DOWNLOADS``.

The same as ``argus convert``.
"""

import sys
from pathlib import Path

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from argus.commands import convert  # noqa: E402
from argus.commands.errors import user_errors  # noqa: E402
from argus.commands.tool import run_as_tool  # noqa: E402


def main(argv: list[str] | None = None) -> int:
    """Convert and print the counts; 1 if some differ from the published ones, else 0."""
    return run_as_tool(convert, "tools/data/convert.py", __doc__, argv)


if __name__ == "__main__":
    with user_errors(saved="files"):
        status = main()
    sys.exit(status)
