"""Command line: ``python -m argus.datasets.scenes OUT --num-train 600 --num-val 100``."""

import argparse
import os
import sys
from pathlib import Path

from argus.datasets.scenes.generate import LAYOUTS, Settings, generate
from argus.errors import DataError


def parse_args(arguments: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m argus.datasets.scenes",
        description="Generate small rendered scenes with exact labels, in the layouts of COCO, "
        "ADE20K, ImageNet, NYUv2, PASCAL-Context and MVTec AD.",
    )
    parser.add_argument("out", type=Path, help="folder to create")
    parser.add_argument("--num-train", type=int, default=600, help="training scenes")
    parser.add_argument("--num-val", type=int, default=100, help="validation scenes")
    parser.add_argument(
        "--num-classification",
        type=int,
        nargs=2,
        default=(600, 200),
        metavar=("TRAIN", "VAL"),
        help="single-object pictures in the ImageNet layout",
    )
    parser.add_argument(
        "--num-anomaly",
        type=int,
        nargs=3,
        default=(60, 10, 10),
        metavar=("TRAIN", "VAL", "TEST"),
        help="pictures per category: good ones to train on, of each kind to validate and test on",
    )
    parser.add_argument(
        "--size", type=int, nargs=2, default=(128, 128), metavar=("W", "H"), help="pixels"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--layouts",
        nargs="+",
        action="extend",
        default=[],
        choices=LAYOUTS,
        help="which layouts to write",
    )
    parser.add_argument(
        "--shards",
        action="store_true",
        help="also write all scenes and single-object pictures as tar shards, with captions, "
        "regions with names, and depth",
    )
    parser.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, help="processes; any number, same set"
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace a set generated earlier at OUT"
    )
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Generate what the command line asks for; return the exit status."""
    args = parse_args(arguments)
    try:
        settings = Settings(
            num_train=args.num_train,
            num_val=args.num_val,
            num_classification=tuple(args.num_classification),
            num_anomaly=tuple(args.num_anomaly),
            width=args.size[0],
            height=args.size[1],
            seed=args.seed,
            layouts=(*(args.layouts or LAYOUTS), *(["shards"] if args.shards else [])),
        )
        generate(args.out, settings, num_workers=args.workers, overwrite=args.overwrite)
    except DataError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: cannot write below {args.out}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted; nothing was left behind", file=sys.stderr)
        return 130
    print(f"scenes written to {args.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
