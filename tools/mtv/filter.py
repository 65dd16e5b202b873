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
from collections.abc import Mapping
from functools import partial
from pathlib import Path

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from argus.commands.errors import user_errors  # noqa: E402
from argus.datasets.shards.shard_set import shards_in  # noqa: E402
from argus.mtv.corpus.rewriting import in_processes  # noqa: E402
from argus.mtv.corpus.sieve import BROKEN, KEPT, SHRUNK, SMALL, Sieve, sieve_shard  # noqa: E402
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
        one = partial(sieve_shard, out=args.out, sieve=sieve)
        return in_processes(shards_in(args.shards), one, told, workers=args.workers)
    return 2


def told(counts: Mapping[str, int]) -> str:
    """Counts in words."""
    share = 100 * counts[KEPT] / max(1, counts["samples"])
    return (
        f"{counted(counts['samples'], 'sample')}, {counts[KEPT]:,} kept ({share:.1f} %), of them "
        f"{counts[SHRUNK]:,} made smaller; {counts[SMALL]:,} too small, {counts[BROKEN]:,} broken"
    )


if __name__ == "__main__":
    sys.exit(main())
