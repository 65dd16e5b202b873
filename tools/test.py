#!/usr/bin/env python3
"""Benchmark numbers of a checkpoint, ``tools/test.py CONFIG CHECKPOINT``, or a merged ``MODEL``.

Prints every task's metrics beside the published ones and writes them to the work dir as
``results.json`` and ``results.md``.
"""

import argparse
import sys
from pathlib import Path

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from argus.commands.errors import user_errors  # noqa: E402
from argus.commands.test import DESCRIPTION, add_test_arguments, test  # noqa: E402


def main() -> None:
    """Evaluate and write the table."""
    parser = argparse.ArgumentParser(description=DESCRIPTION)
    add_test_arguments(parser)
    args = parser.parse_args()
    with user_errors():
        test(args)


if __name__ == "__main__":
    main()
