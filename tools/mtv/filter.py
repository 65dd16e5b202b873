#!/usr/bin/env python3
"""Leave small pictures out of shards, and bring large ones down: ``filter.py SHARDS --out FOLDER``.

    tools/mtv/filter.py data/raw --out data/pairs/images --workers 16

By the paper: the short side has 224 pixels or more, the long side at most 1024. Every shard is
written under its name, whole or not at all, with a record, ``NAME.tar.sieved``; keys and all other
members stay as they are. Started again, it goes on with the shards that are not there yet. The exit
status is 1 if a shard could not be read.
"""

import argparse
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from argus.commands.errors import user_errors  # noqa: E402
from argus.datasets.shards.shard_set import shards_in  # noqa: E402
from argus.errors import DataError  # noqa: E402
from argus.mtv.corpus.sieve import BROKEN, KEPT, SHRUNK, SMALL, Sieve, sieve_shard  # noqa: E402
from argus.names.printable import printable  # noqa: E402
from argus.names.wording import counted  # noqa: E402


def main(arguments: list[str] | None = None) -> int:
    """Filter, and return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("shards", type=Path, help="folder of shards, or a shard")
    parser.add_argument("--out", type=Path, required=True, help="folder of what is left")
    parser.add_argument("--min-short", type=int, default=224, help="pixels (default: 224)")
    parser.add_argument("--max-long", type=int, default=1024, help="pixels (default: 1024)")
    parser.add_argument("--quality", type=int, default=95, help="of JPEG and WebP (default: 95)")
    parser.add_argument("--workers", type=int, default=1, help="processes (default: 1)")
    args = parser.parse_args(arguments)
    with user_errors(saved="shards"):
        sieve = Sieve(min_short_px=args.min_short, max_long_px=args.max_long, quality=args.quality)
        return filter_shards(shards_in(args.shards), args.out, sieve, workers=args.workers)
    return 2


def filter_shards(shards: list[Path], out: Path, sieve: Sieve, *, workers: int) -> int:
    """Filter shards in some processes, a line for each; the exit status."""
    total: Counter[str] = Counter()
    faults = 0
    one = partial(_one, out=out, sieve=sieve)
    with ProcessPoolExecutor(max(1, workers)) as pool:
        for shard, found in zip(shards, pool.map(one, shards), strict=True):
            if isinstance(found, str):
                faults += 1
                print(printable(f"error: {found}"), file=sys.stderr, flush=True)
                continue
            total.update(found)
            print(printable(f"{shard.name}: {told(found)}"), flush=True)
    print(f"{counted(len(shards) - faults, 'shard')}: {told(total)}")
    return int(faults > 0)


def _one(shard: Path, *, out: Path, sieve: Sieve) -> dict[str, int] | str:
    """Counts of a shard, or what is wrong with it."""
    try:
        record = sieve_shard(shard, out, sieve)
    except DataError as error:
        return str(error)
    return {name: record[name] for name in ("samples", KEPT, SHRUNK, SMALL, BROKEN)}


def told(counts: Counter[str] | dict[str, int]) -> str:
    """Counts in words."""
    share = 100 * counts[KEPT] / max(1, counts["samples"])
    return (
        f"{counted(counts['samples'], 'sample')}, {counts[KEPT]:,} kept ({share:.1f} %), of them "
        f"{counts[SHRUNK]:,} made smaller; {counts[SMALL]:,} too small, {counts[BROKEN]:,} broken"
    )


if __name__ == "__main__":
    sys.exit(main())
