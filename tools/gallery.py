#!/usr/bin/env python3
"""Draw the pictures of docs/gallery.md: every task of a model, on generated scenes."""

import argparse
import sys
from pathlib import Path

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from argus.apis.cli import user_errors  # noqa: E402


def main() -> None:
    """Load the model, draw, and say what was written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--model", required=True, help="folder of a model, e.g. work_dirs/demo/model"
    )
    parser.add_argument(
        "--scenes", required=True, type=Path, help="what python -m argus.datasets.scenes wrote"
    )
    parser.add_argument("--out", required=True, type=Path, help="folder of the JPEG files")
    parser.add_argument(
        "--size",
        type=int,
        help="short side in pixels at which the model sees the scenes (default: their own)",
    )
    args = parser.parse_args()
    with user_errors(saved="pictures"):
        from argus.apis.argus import Argus
        from argus.apis.gallery import make_gallery

        paths = make_gallery(
            Argus.from_pretrained(args.model), args.scenes, args.out, size=args.size
        )
    total = sum(path.stat().st_size for path in paths)
    print(f"{len(paths)} pictures, {total / 2**20:.1f} MiB, in {args.out}")


if __name__ == "__main__":
    main()
