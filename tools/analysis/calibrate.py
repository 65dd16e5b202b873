#!/usr/bin/env python3
"""Loss weights by the norms of the tasks' gradients on the shared parameters, as a config.

The same as ``argus calibrate``.
"""

import sys
from pathlib import Path

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from argus.commands import calibrate  # noqa: E402
from argus.commands.errors import user_errors  # noqa: E402
from argus.commands.tool import run_as_tool  # noqa: E402


def main(arguments: list[str] | None = None) -> int:
    """Measure, print and write; 0, the exit status."""
    return run_as_tool(calibrate, "tools/analysis/calibrate.py", __doc__, arguments)


if __name__ == "__main__":
    with user_errors():
        status = main()
    sys.exit(status)
