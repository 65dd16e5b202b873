#!/usr/bin/env python3
r"""Results of several models as one radar chart, an axis per metric, each with a stated range.

    tools/analysis/radar.py Ours=work_dirs/stage1_5task/results.json \
        Paper=docs/paper.md:Base DINOv2=docs/paper.md:DINOv2
    tools/analysis/radar.py A=a/results.json B=b/results.json --axis camvid/mIoU=30:70 \
        cifar10/top1=60:90 nuclei/segm_mAP=20:50

A model is NAME=FILE.json, as tools/test.py writes it, or NAME=FILE.md:COLUMN, a column of a table
of docs/paper.md; of several files (NAME=a.json,b.json) a later one counts. Outside is better.
"""

import argparse
import sys
from pathlib import Path

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from argus.commands.errors import user_errors  # noqa: E402
from argus.errors import ConfigError  # noqa: E402

AXES = Path(__file__).resolve().parents[2] / "configs/radar.yaml"


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="+", metavar="NAME=FILE[,FILE]")
    parser.add_argument(
        "--axis",
        nargs="+",
        action="extend",
        default=[],
        metavar="TASK/METRIC=INNER:OUTER[:UNIT]",
        help="axes in place of those of --axes; of a metric that these have, its range alone",
    )
    parser.add_argument(
        "--axes", type=Path, help="YAML file of axes; default: configs/radar.yaml, the paper's"
    )
    parser.add_argument("--out", type=Path, default=Path("radar.png"), help="default: radar.png")
    return parser.parse_args()


def main() -> None:
    """Read, draw and write the picture."""
    args = parse_args()
    with user_errors():
        from argus.analysis.chart import save_png
        from argus.analysis.radar import choose_axes, draw_radar, parse_axis, read_axes, read_model

        models = {}
        for text in args.models:
            name, equals, sources = text.partition("=")
            if not equals or not name or not sources or name in models:
                raise ConfigError(
                    f"expected NAME=FILE, with another NAME for each, found {text!r}."
                )
            models[name] = read_model(sources.split(","))
        axes = choose_axes(read_axes(args.axes or AXES), [parse_axis(text) for text in args.axis])
        print(f"written to {save_png(draw_radar(models, axes), args.out)}")


if __name__ == "__main__":
    main()
