#!/usr/bin/env python3
"""Get an official DINOv2 file: ``download.py dinov2_vitb14_reg4``.

The same as ``argus download``.
"""

import sys
from pathlib import Path

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from argus.commands import download  # noqa: E402
from argus.commands.errors import user_errors  # noqa: E402
from argus.commands.tool import run_as_tool  # noqa: E402


def main(arguments: list[str] | None = None) -> None:
    """Get the file and say what came."""
    run_as_tool(download, "tools/checkpoints/download.py", __doc__, arguments)


if __name__ == "__main__":
    with user_errors(saved="parts of the file"):
        main()
