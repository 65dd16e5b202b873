#!/usr/bin/env python3
"""Repeat a step of a training that was not finite: ``tools/replay.py WORK_DIR/bad_steps/FILE``."""

import argparse
import sys
from pathlib import Path

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from argus.commands.errors import user_errors  # noqa: E402


def main() -> None:
    """Repeat the step, and say what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("record", help="step_..._rank....json in bad_steps/ of a work dir")
    args = parser.parse_args()
    with user_errors():
        from argus.engine.guard.replay import replay

        print(replay(args.record).text())


if __name__ == "__main__":
    main()
