#!/usr/bin/env python3
"""What differs between two trainings, and at which step their losses part.

    tools/compare_runs.py work_dirs/stage1_5task work_dirs/stage1/no_scaling

Config keys, versions, git state, seeds, data sets: a line for each difference, with both values. Of
a training that was resumed the last start counts; name WORK_DIR/<time> for another one.
"""

import argparse
import sys
from pathlib import Path

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from argus.commands.errors import user_errors  # noqa: E402


def main() -> None:
    """Compare, and print the report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("first", metavar="A", help="work dir of a training")
    parser.add_argument("second", metavar="B", help="work dir of another one")
    args = parser.parse_args()
    with user_errors():
        from argus.analysis.compare_runs import compare_runs

        print(compare_runs(args.first, args.second))


if __name__ == "__main__":
    main()
