#!/usr/bin/env python3
"""Answers and pictures: ``tools/predict.py photo.jpg --model MODEL --tasks all --out DIR``.

The same as ``argus predict``.
"""

import argparse
import sys
from pathlib import Path

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from argus.commands.errors import user_errors  # noqa: E402
from argus.commands.predict import DESCRIPTION, EPILOG, add_arguments, run  # noqa: E402


def main() -> None:
    """Predict, or say in one message why not."""
    parser = argparse.ArgumentParser(
        description=DESCRIPTION,
        epilog=EPILOG.replace("argus predict", "tools/predict.py"),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_arguments(parser)
    args = parser.parse_args()
    with user_errors(saved="results"):
        status = run(args)
    sys.exit(status)


if __name__ == "__main__":
    main()
