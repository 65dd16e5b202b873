#!/usr/bin/env python3
"""Join a stage-1 checkpoint and decoders trained on its backbone into one model.

The same as ``argus merge``.
"""

import argparse
import sys
from pathlib import Path

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from argus.commands.errors import user_errors  # noqa: E402
from argus.commands.merge import EPILOG, add_arguments, run  # noqa: E402


def main() -> int:
    """Merge and write the folder; 0, the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0].replace("``", ""),
        epilog=EPILOG.replace("argus merge", "tools/checkpoints/merge.py"),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_arguments(parser)
    return run(parser.parse_args())


if __name__ == "__main__":
    with user_errors():
        sys.exit(main())
