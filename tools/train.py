#!/usr/bin/env python3
"""Train the tasks of a config: ``tools/train.py configs/stage1_5task.py``."""

import argparse
import sys
from pathlib import Path

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from argus.apis.cli import add_common_arguments, load_config, user_errors  # noqa: E402


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Train the tasks of a config.")
    parser.add_argument("config", help="config file, e.g. configs/stage1_5task.py")
    parser.add_argument(
        "--resume",
        nargs="?",
        const="auto",
        metavar="CHECKPOINT",
        help="go on from CHECKPOINT; without a value, from the latest one in the work dir",
    )
    add_common_arguments(parser)
    return parser.parse_args()


def train(args: argparse.Namespace) -> None:
    """Build the runner and train; nothing of it is left afterwards."""
    config = load_config(args)
    if args.resume is not None:
        config.resume = True
        config.load_from = None if args.resume == "auto" else args.resume
    from argus.engine import MultitaskRunner

    runner = MultitaskRunner.from_cfg(config)
    runner.train()
    runner.close()


def main() -> None:
    """Train, or say in one message why not."""
    args = parse_args()
    with user_errors():
        train(args)


if __name__ == "__main__":
    main()
