#!/usr/bin/env python3
"""Reckon what a corpus costs: hours on GPUs, bytes, shards.

    tools/mtv/plan.py 100M --gpus 64                       the paper's pace
    tools/mtv/plan.py 100M --gpus 8 --pace depth=200k "tags and boxes=40k"
    tools/mtv/plan.py 100M --gpus 8 --measure data/pairs/labels --measured-gpus 1

--measure takes the pace, and the bytes of labels, from the records that tools/mtv/label.py left in
a folder.
"""

import argparse
import sys
from pathlib import Path

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from argus.commands.errors import user_errors  # noqa: E402
from argus.errors import ConfigError  # noqa: E402
from argus.mtv.corpus.measured import measure  # noqa: E402
from argus.mtv.corpus.plan import (  # noqa: E402
    KILOBYTES_A_PAIR,
    PAPER,
    SAMPLES_A_SHARD,
    Plan,
    number_in,
    pace_in,
)
from argus.names.printable import printable  # noqa: E402


def main(arguments: list[str] | None = None) -> None:
    """Print the plan."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pictures", help="how many, such as 300000 or 100M")
    parser.add_argument("--gpus", type=int, required=True, help="that label at a time")
    pace = parser.add_mutually_exclusive_group()
    pace.add_argument(
        "--pace",
        nargs="+",
        action="extend",
        metavar="STEP=PICTURES",
        help="pictures of a step in a GPU-hour",
    )
    pace.add_argument(
        "--measure",
        nargs="+",
        action="extend",
        type=Path,
        metavar="FOLDER",
        help="folders of labels, a step each",
    )
    parser.add_argument(
        "--measured-gpus", type=int, default=1, metavar="N", help="that made them (default: 1)"
    )
    parser.add_argument(
        "--kilobytes", type=float, default=KILOBYTES_A_PAIR, help="of a pair (default: 105)"
    )
    parser.add_argument(
        "--samples-per-shard", type=int, default=SAMPLES_A_SHARD, help="(default: 10,000)"
    )
    args = parser.parse_args(arguments)
    with user_errors(saved="files"):
        print(printable(plan_of(args), lines=True))


def plan_of(args: argparse.Namespace) -> str:
    """The plan of a command line.

    Raises:
        ConfigError: A number is out of range.
        DataError: Nothing can be measured.
    """
    counts = (args.gpus, args.measured_gpus, args.samples_per_shard)
    if min(counts) < 1 or not args.kilobytes > 0:
        raise ConfigError("expected numbers of GPUs, samples and kilobytes above 0.")
    measured = [measure(folder, gpus=args.measured_gpus) for folder in args.measure or ()]
    paces = [pace_in(text) for text in args.pace or ()] or [own.pace for own in measured]
    plan = Plan(
        pictures=number_in(args.pictures),
        gpus=args.gpus,
        paces=paces or PAPER,
        kilobytes=args.kilobytes,
        side_kilobytes=sum(own.side_kilobytes for own in measured) if measured else None,
        samples_per_shard=args.samples_per_shard,
    )
    return "\n".join([plan.table(), *(f"measured in {own.note}" for own in measured)])


if __name__ == "__main__":
    main()
