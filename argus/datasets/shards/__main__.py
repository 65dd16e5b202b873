"""Command line: ``python -m argus.datasets.shards FOLDER ...`` makes the indices of shards ahead.

A training makes those that are missing itself, in every process; of thousands of shards on a disk
in a network that takes a while.
"""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from argus.datasets.shards.index import places_of, read_index
from argus.datasets.shards.shard_set import shards_in
from argus.errors import DataError
from argus.names.wording import counted


def main(arguments: list[str] | None = None) -> int:
    """Index what the command line names; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m argus.datasets.shards",
        description="Read the headers of shards once, and keep beside each where its samples lie.",
    )
    parser.add_argument("folders", type=Path, nargs="+", help="folders of shards, or shards")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    args = parser.parse_args(arguments)
    failed = 0
    try:
        paths = [path for folder in args.folders for path in shards_in(folder)]
    except DataError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    with ProcessPoolExecutor(max(args.workers, 1)) as pool:
        number = 0
        for path, (size, fault) in zip(paths, pool.map(_look, paths), strict=True):
            number += size
            if fault:
                failed += 1
                print(f"error: {path}: {fault}", file=sys.stderr)
    print(f"{counted(number, 'sample')} in {counted(len(paths), 'shard')}")
    return int(failed > 0)


def _look(path: Path) -> tuple[int, str]:
    try:
        index = read_index(path)
    except DataError as error:
        return 0, str(error).removeprefix(f"{path}: ")
    kept = any(place.is_file() for place in places_of(path))
    fault = index.fault or ("" if kept else "its index cannot be written anywhere")
    return len(index), fault


if __name__ == "__main__":
    sys.exit(main())
