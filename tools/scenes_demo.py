#!/usr/bin/env python3
"""Generate scenes, train both stages on them, merge, test, draw: what ``make demo`` runs."""

import argparse
import sys
from pathlib import Path

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from argus.apis.cli import user_errors  # noqa: E402
from argus.apis.scenes_demo import ScenesDemo  # noqa: E402


def main() -> None:
    """Run the demo; exit with 1 if a number is not reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work-dir", type=Path, default=Path("work_dirs/demo"))
    parser.add_argument("--num-processes", type=int, default=2, help="processes (default 2)")
    parser.add_argument(
        "--cfg-options", nargs="+", default=[], metavar="KEY=VALUE", help="changes of the config"
    )
    args = parser.parse_args()
    root = Path(__file__).resolve().parents[1]
    with user_errors():
        demo = ScenesDemo(
            root,
            work_dir=args.work_dir.resolve(),
            data_dir=root / "data/scenes",
            num_processes=args.num_processes,
            options=args.cfg_options,
        )
        reached = demo.run()
    sys.exit(0 if reached else 1)


if __name__ == "__main__":
    main()
