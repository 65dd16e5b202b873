#!/usr/bin/env python3
"""Shards with the labels of their side-cars: ``merge.py SHARDS --labels FOLDER ... --out FOLDER``.

    tools/mtv/merge.py data/pairs/images --labels data/pairs/labels data/pairs/more --out data/whole

Regions of several labellings are joined; of depth, the first folder that has it counts. With
``--labels-only`` pictures and captions stay where they are, and the folder written is one of
side-cars. Every shard is written under its name, whole or not at all, with a record,
``NAME.tar.merged``; started again, it goes on with the shards that are not there yet. The exit
status is 1 if a shard could not be merged.
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
from argus.mtv.corpus.merging import Merge, merge_shard  # noqa: E402
from argus.mtv.corpus.rewriting import in_processes  # noqa: E402
from argus.mtv.data.regions import MAX_REGIONS  # noqa: E402
from argus.names.wording import counted  # noqa: E402


def main(arguments: list[str] | None = None) -> int:
    """Merge, and return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("shards", type=Path, help="folder of shards, or a shard")
    parser.add_argument(
        "--labels",
        nargs="+",
        action="extend",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="of side-cars",
    )
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument(
        "--labels-only", action="store_true", help="leave pictures and captions where they are"
    )
    parser.add_argument(
        "--nms-iou",
        type=float,
        default=0.5,
        help="overlap with a better region of its name beyond which one goes (default: 0.5)",
    )
    parser.add_argument(
        "--most", type=int, default=MAX_REGIONS, help="regions of a picture (default: all)"
    )
    parser.add_argument("--workers", type=int, default=1, help="processes (default: 1)")
    args = parser.parse_args(arguments)
    with user_errors(saved="shards"):
        merge = Merge(
            side_cars=tuple(args.labels),
            labels_only=args.labels_only,
            nms_iou=args.nms_iou,
            most=args.most,
        )
        one = partial(merge_shard, out=args.out, merge=merge)
        return in_processes(shards_in(args.shards), one, told, workers=args.workers)
    return 2


def told(counts: Mapping[str, int]) -> str:
    """Counts in words."""
    text = (
        f"{counted(counts['samples'], 'sample')}, {counts['kept']:,} of "
        f"{counted(counts['regions'], 'region')} kept"
    )
    for name, what in (
        ("absent", "entries of side-cars absent"),
        ("not_taken", "members not taken, since an earlier folder has them"),
        ("unreadable", "members of labels unreadable"),
        ("broken", "samples broken"),
    ):
        if counts[name]:
            text += f"; {counts[name]:,} {what}"
    return text


if __name__ == "__main__":
    sys.exit(main())
