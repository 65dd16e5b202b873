#!/usr/bin/env python3
r"""The answers of a model about a folder of pictures: a row per picture, a column per task.

    tools/analysis/panels.py photos/ --model work_dirs/argus_base --out panels
    tools/analysis/panels.py photos/ --model work_dirs/argus_base work_dirs/dinov2 \
        --tasks depth normals

Writes OUT/panels_1.png and so on, --rows pictures on each. With several models each picture has a
row of each model. Pictures that cannot be read are named; the exit status is 3 then.
"""

import argparse
import sys
from pathlib import Path

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from argus.commands.errors import user_errors  # noqa: E402
from argus.commands.inputs import check_words, find_inputs  # noqa: E402
from argus.commands.model_options import MODEL, add_model_options, load_model  # noqa: E402
from argus.commands.notes import warnings_as_notes  # noqa: E402
from argus.commands.predict import SOME_BROKEN, parse_size  # noqa: E402
from argus.errors import ConfigError  # noqa: E402


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("inputs", nargs="+", metavar="PICTURE", help="file, folder, or pattern")
    parser.add_argument(
        "--model", nargs="+", action="extend", required=True, metavar="M", help=MODEL
    )
    parser.add_argument(
        "--tasks", nargs="+", action="extend", default=[], metavar="NAME", help="default: all"
    )
    parser.add_argument("--size", help="as for argus predict: pixels, 'task', or NAME=SIZE,...")
    parser.add_argument("--score-threshold", type=float, default=0.3, help="default 0.3")
    parser.add_argument("--category", help="kind of object, for anomalies")
    parser.add_argument("--rows", type=int, default=6, help="pictures on a sheet (default 6)")
    parser.add_argument("--cell", type=int, default=320, help="width in pixels (default 320)")
    parser.add_argument("--out", type=Path, default=Path("panels"), help="folder; default: panels")
    add_model_options(parser)
    return parser.parse_args()


def main() -> None:
    """Load, ask, draw and write."""
    args = parse_args()
    with user_errors(saved="sheets"), warnings_as_notes():
        status = make_panels(args)
    sys.exit(status)


def make_panels(args: argparse.Namespace) -> int:
    """Do what the arguments say; the exit status."""
    for name, least in (("rows", 1), ("cell", 32)):
        if getattr(args, name) < least:
            raise ConfigError(f"--{name}: expected at least {least}, found {getattr(args, name)}.")
    if len(set(args.model)) < len(args.model):
        raise ConfigError("--model: a model stands there twice.")
    check_words(args.inputs)
    from PIL import Image

    from argus.analysis.panels import choose_tasks, draw_panels

    images = [item.path for item in find_inputs(args.inputs) if not item.is_video]
    if not images:
        raise ConfigError("expected pictures, found videos alone: argus predict draws those.")
    models = {
        name: load_model(argparse.Namespace(**{**vars(args), "model": name})) for name in args.model
    }
    broken: dict[str, str] = {}
    sheets = draw_panels(
        models,
        images,
        tasks=choose_tasks(models, args.tasks, has_category=args.category is not None),
        rows_per_sheet=args.rows,
        cell_width_px=args.cell,
        broken=broken,
        size=parse_size(args.size),
        score_threshold=args.score_threshold,
        category=args.category,
    )
    args.out.mkdir(parents=True, exist_ok=True)
    for number, sheet in enumerate(sheets, start=1):
        path = args.out / f"panels_{number}.png"
        Image.fromarray(sheet).save(path)
        print(path, flush=True)
    for reason in broken.values():
        print(reason, file=sys.stderr)
    return SOME_BROKEN if broken else 0


if __name__ == "__main__":
    main()
