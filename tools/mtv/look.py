#!/usr/bin/env python3
"""Look at labels before training on them: a contact sheet, and numbers.

    tools/mtv/look.py data/pairs/images --labels data/pairs/labels
    tools/mtv/look.py data/pairs/images --labels data/pairs/regions data/pairs/depth --out look

SHARDS is a folder of shards or one of them; labels are members of the shards, or of side-cars.
Writes sheet.png and statistics.json, and prints the numbers.
"""

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from argus.commands.errors import user_errors  # noqa: E402
from argus.datasets.census.entries import spread  # noqa: E402
from argus.errors import ConfigError, DataError  # noqa: E402
from argus.files.durable import write_json  # noqa: E402
from argus.mtv.corpus.labelled import LabelledShards, Seen  # noqa: E402
from argus.mtv.corpus.sheet import labelled_sheet  # noqa: E402
from argus.mtv.corpus.statistics import counted_labels  # noqa: E402
from argus.names.printable import printable  # noqa: E402
from argus.names.wording import counted  # noqa: E402

_MOST_DRAWN = 200


def main(arguments: list[str] | None = None) -> None:
    """Count, draw, and say where."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("shards", type=Path, help="folder of shards, or a shard")
    parser.add_argument(
        "--labels",
        nargs="+",
        action="extend",
        type=Path,
        default=[],
        metavar="FOLDER",
        help="of side-cars",
    )
    parser.add_argument("--out", type=Path, default=Path("work_dirs/look"), help="folder to write")
    parser.add_argument("--pictures", type=int, default=24, help="to draw (default: 24)")
    parser.add_argument("--columns", type=int, default=2, help="of the sheet (default: 2)")
    parser.add_argument(
        "--count", type=int, default=20_000, help="whose labels are counted (default: 20,000)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the choice (default: 0)")
    args = parser.parse_args(arguments)
    with user_errors(saved="files"):
        look(args)


def look(args: argparse.Namespace) -> None:
    """Write both files.

    Raises:
        ConfigError: A number is out of range.
        DataError: The shards cannot be read.
    """
    if not 0 <= args.pictures <= _MOST_DRAWN or min(args.columns, args.count) < 1:
        raise ConfigError(f"expected 0 to {_MOST_DRAWN} pictures, and columns and a count above 0.")
    shards = LabelledShards(args.shards, args.labels)
    for note in shards.notes:
        print(printable(f"note: {note}"))
    numbers = counted_labels(shards.labels(number) for number in spread(len(shards), args.count))
    print(f"{counted(len(shards), 'picture')} in {counted(len(shards.shards.paths), 'shard')}")
    print(printable(str(numbers), lines=True))
    write_json(args.out / "statistics.json", numbers.to_dict())
    print(args.out / "statistics.json")
    if args.pictures:
        generator = np.random.default_rng(args.seed)
        chosen = generator.choice(len(shards), min(args.pictures, len(shards)), replace=False)
        samples = [(printable(shards.name(int(n))), seen(shards, int(n))) for n in sorted(chosen)]
        sheet = labelled_sheet(samples, columns=args.columns)
        cv2.imwrite(str(args.out / "sheet.png"), sheet[..., ::-1])
        print(args.out / "sheet.png")


def seen(shards: LabelledShards, number: int) -> Seen | str:
    """A sample, or what is wrong with it."""
    try:
        return shards.see(number)
    except DataError as error:
        return str(error)


if __name__ == "__main__":
    main()
