#!/usr/bin/env python3
"""Write a trained model for distribution: in 16 bits, without the frozen ViT, with its card.

    tools/checkpoints/release.py STAGE1 [DECODER ...] --out RELEASE --results results.json
    tools/checkpoints/release.py MODEL --out RELEASE

RELEASE is the folder of a model as merge.py writes it, for `argus predict`, `serve` and `export`.
It names the ViT by the hash of its tensors: the official file is fetched when it is first needed,
and the environment variable ARGUS_VIT names one that is at hand. Nothing is written if the released
model does not give the answers of the original on pictures.
"""

import argparse
import json
import sys
from pathlib import Path

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from argus.commands.config_options import add_unsafe_pickle  # noqa: E402
from argus.commands.errors import user_errors  # noqa: E402
from argus.commands.model_options import add_trust, add_weights  # noqa: E402
from argus.errors import ConfigError  # noqa: E402
from argus.libraries.importing import import_libraries  # noqa: E402

_SIZE = (256, 256)  # of rendered pictures, and of given ones


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("base", help="checkpoint of stage 1, or the folder of a model")
    parser.add_argument("decoders", nargs="*", help="checkpoints of stage 2 on that backbone")
    parser.add_argument("--out", required=True, type=Path, help="folder of the release")
    parser.add_argument(
        "--results",
        nargs="+",
        action="extend",
        default=[],
        type=Path,
        help="results.json files of evaluations, for the card; a model may have values already",
    )
    parser.add_argument(
        "--images",
        nargs="+",
        action="extend",
        metavar="PATH",
        help="pictures, folders or patterns to compare answers on; the first four are used; "
        "default: rendered scenes",
    )
    parser.add_argument(
        "--licence", default="", help="the Hub's name of the model's licence, e.g. apache-2.0"
    )
    parser.add_argument(
        "--vit-source", default="", help="where the ViT's file is from, if it is no official one"
    )
    parser.add_argument("--max-mb", type=float, default=100, help="refuse more (default 100)")
    add_weights(parser)
    add_trust(parser, what="configs")
    add_unsafe_pickle(parser)
    return parser.parse_args()


def metrics_of(paths: list[Path]) -> dict[str, float]:
    """Measured values of all files.

    Raises:
        ConfigError: A file is none of an evaluation.
    """
    metrics: dict[str, float] = {}
    for path in paths:
        try:
            found = json.loads(path.read_text())
        except (OSError, ValueError) as error:
            raise ConfigError(f"--results {path} cannot be read: {error}") from error
        values = {
            name: value
            for name, value in (found.items() if isinstance(found, dict) else ())
            if "/" in name and isinstance(value, (int, float))
        }
        if not values:
            raise ConfigError(
                f"--results {path}: expected what tools/test.py writes, with values such as "
                '"camvid/mIoU", found none.'
            )
        metrics |= values
    return metrics


def main() -> None:
    """Merge, round, compare and write."""
    args = parse_args()
    with user_errors():
        metrics = metrics_of(args.results)
        import_libraries()
        from argus.export.images import check_images
        from argus.model_files.merge import merge
        from argus.release.writing import MEGABYTE, release
        from argus.safe_load import allow_unpickling

        allow_unpickling(args.unsafe_pickle)
        model = merge(
            args.base, args.decoders, weights=args.weights, metrics=metrics, trusted=args.trust
        )
        written = release(
            model,
            args.out,
            list(check_images(args.images, _SIZE)),
            max_bytes=int(args.max_mb * MEGABYTE),
            licence=args.licence,
            vit_source=args.vit_source,
            trust=args.trust,
        )
        for task, measures in written.differences.items():
            told = ", ".join(f"{name} {value:.3g}" for name, value in measures.items())
            print(f"{task}: largest difference from the original: {told}")
        if written.unmeasured:
            print(f"without a measured value in the card: {', '.join(written.unmeasured)}")
        if written.vit is None:
            print("no part of the backbone was frozen: the release holds all of it")
        else:
            name = written.vit["name"] or "none of the official ones"
            print(f"its ViT, {name}, is not in it: SHA-256 {written.vit['sha256']}")
        print(
            f"{args.out}: {written.num_bytes / MEGABYTE:.1f} MB, {written.num_half} tensors in 16 "
            f"bits, {written.num_kept} as they were"
        )


if __name__ == "__main__":
    main()
