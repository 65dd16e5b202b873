#!/usr/bin/env python3
"""torchrun, without its summary where a process has said itself why it ended.

Usage: tools/launch.py [options of torchrun] TOOL [arguments of the tool]
"""

import sys
from pathlib import Path

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from argus.commands.errors import user_errors  # noqa: E402
from argus.commands.launch import launch  # noqa: E402

if __name__ == "__main__":
    with user_errors():
        sys.exit(launch(sys.argv[1:]))
