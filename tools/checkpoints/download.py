#!/usr/bin/env python3
"""Get an official DINOv2 file: ``download.py dinov2_vitb14_reg4``.

The same as ``argus download``.
"""

import argparse
import sys
from pathlib import Path

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from argus.commands.download import EPILOG, add_arguments, run  # noqa: E402
from argus.commands.errors import user_errors  # noqa: E402


def main(arguments: list[str] | None = None) -> None:
    """Get the file and say what came."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").splitlines()[0].replace("``", ""),
        epilog=EPILOG.replace("argus download", "tools/checkpoints/download.py"),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_arguments(parser)
    run(parser.parse_args(arguments))


if __name__ == "__main__":
    with user_errors(saved="parts of the file"):
        main()
