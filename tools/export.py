#!/usr/bin/env python3
"""Export a model for other runtimes: ``tools/export.py MODEL --tasks NAME ... --out FILE``.

The same as ``argus export``.
"""

import argparse
import sys
from pathlib import Path

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from argus.commands.errors import user_errors  # noqa: E402
from argus.commands.export import EPILOG, add_arguments, run  # noqa: E402


def main() -> None:
    """Export, or say in one message why not."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0].replace("``", ""),
        epilog=EPILOG.replace("argus export", "tools/export.py"),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_arguments(parser)
    args = parser.parse_args()
    with user_errors(saved="results"):
        status = run(args)
    sys.exit(status)


if __name__ == "__main__":
    main()
