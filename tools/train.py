#!/usr/bin/env python3
"""Train the tasks of a config: ``tools/train.py configs/stage1_5task.py``."""

import argparse
import sys
from pathlib import Path

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from argus.commands.errors import user_errors  # noqa: E402
from argus.commands.train import DESCRIPTION, add_training_arguments, train  # noqa: E402


def main() -> None:
    """Train, or say in one message why not."""
    parser = argparse.ArgumentParser(description=DESCRIPTION)
    add_training_arguments(parser)
    args = parser.parse_args()
    with user_errors():
        train(args)


if __name__ == "__main__":
    main()
