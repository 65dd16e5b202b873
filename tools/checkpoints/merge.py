#!/usr/bin/env python3
"""Join a stage-1 checkpoint and decoders trained on its backbone into one model.

    tools/checkpoints/merge.py STAGE1 DECODER [DECODER ...] --out MODEL
    tools/checkpoints/merge.py MODEL DECODER [DECODER ...] --out LARGER_MODEL

MODEL is a folder: model.safetensors, config.json, manifest.json. ``tools/test.py MODEL`` measures
all its tasks.
"""

import argparse
import json
import sys
from pathlib import Path

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from argus.commands.config_options import add_unsafe_pickle  # noqa: E402
from argus.commands.errors import user_errors  # noqa: E402
from argus.errors import ConfigError  # noqa: E402
from argus.libraries.importing import import_libraries  # noqa: E402
from argus.names.wording import counted


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "base", help="checkpoint of stage 1, whose decoders are taken too; or a model to add to"
    )
    parser.add_argument("decoders", nargs="*", help="checkpoints of stage 2 on that backbone")
    parser.add_argument("--out", required=True, type=Path, help="folder of the model")
    parser.add_argument(
        "--weights",
        choices=("auto", "ema", "raw"),
        default="auto",
        help="averaged or trained weights; auto takes the averages where a file has them",
    )
    parser.add_argument(
        "--rename",
        nargs="+",
        action="extend",
        default=[],
        metavar="FILE:OLD=NEW",
        help="other names for tasks",
    )
    parser.add_argument(
        "--results",
        nargs="+",
        action="extend",
        default=[],
        type=Path,
        help="results.json files for the manifest",
    )
    parser.add_argument(
        "--trust",
        nargs="+",
        action="extend",
        default=[],
        metavar="PACKAGE",
        help="let configs use its classes",
    )
    add_unsafe_pickle(parser)
    return parser.parse_args()


def renames_of(options: list[str]) -> dict[tuple[str, str], str]:
    """(file, old name) to new name."""
    renames = {}
    for option in options:
        file, colon, names = option.rpartition(":")
        old, equals, new = names.partition("=")
        if not (colon and equals and file and old and new):
            raise ConfigError(f"--rename: expected FILE:OLD=NEW, found {option!r}.")
        renames[file, old] = new
    return renames


def main() -> None:
    """Merge and write the folder."""
    args = parse_args()
    with user_errors():
        import_libraries()
        from argus.model_files.merge import merge
        from argus.safe_load import allow_unpickling

        allow_unpickling(args.unsafe_pickle)
        metrics = {}
        for path in args.results:
            metrics |= json.loads(path.read_text())
        model = merge(
            args.base,
            args.decoders,
            weights=args.weights,
            renames=renames_of(args.rename),
            metrics=metrics,
            trusted=args.trust,
        )
        model.write(args.out)
        size = (args.out / "model.safetensors").stat().st_size / 2**20
        tasks = model.manifest["tasks"]
        print(f"{args.out}: {counted(len(tasks), 'task')} ({', '.join(tasks)}), {size:.1f} MiB")


if __name__ == "__main__":
    main()
