#!/usr/bin/env python3
"""Training curves of every task, from the logs in the work dirs, as one PNG.

    tools/analysis/curves.py work_dirs/stage1_5task --out curves.png
    tools/analysis/curves.py work_dirs/stage1_5task work_dirs/stage1/no_scaling --out both.png
    tools/analysis/curves.py work_dirs/stage1_5task --overfitting

A row of panels per task: its loss, averaged, with the raw values behind it, and its validation
metrics; then the whole: total loss, learning rate, and the balance of the tasks. Several work dirs
are drawn over one another. With --overfitting it is a panel per task: its training loss and its
validation over the same steps, the best one marked; and a table of what was lost since, with the
tasks that overfit. Reads text alone: no GPU, no data, no weights.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from argus.commands.errors import user_errors  # noqa: E402

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from argus.analysis.run_log import RunLog


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("work_dirs", nargs="+", type=Path, metavar="WORK_DIR")
    parser.add_argument("--out", type=Path, default=Path("curves.png"), help="default: curves.png")
    parser.add_argument(
        "--metrics",
        nargs="+",
        action="extend",
        default=[],
        metavar="TASK/METRIC",
        help="validation metrics to show; default: those of the tables",
    )
    parser.add_argument(
        "--smoothing",
        type=float,
        default=0.03,
        help="span of the average as a share of the training, 0 for none (default 0.03)",
    )
    parser.add_argument(
        "--overfitting", action="store_true", help="losses against validations, task by task"
    )
    parser.add_argument(
        "--tolerance",
        type=float,
        default=0.01,
        help="with --overfitting: share of its best that a metric may lose (default 0.01)",
    )
    return parser.parse_args()


def draw(args: argparse.Namespace, runs: Sequence["RunLog"]) -> "Figure":
    """The picture that was asked for; with a table on the terminal where one belongs to it."""
    from argus.analysis.curves import draw_curves
    from argus.analysis.overfitting import draw_overfitting, find_overfitting, overfitting_table

    if not args.overfitting:
        return draw_curves(runs, metrics=args.metrics, smoothing=args.smoothing)
    for run in runs:
        found = find_overfitting(run, metrics=args.metrics, smoothing=args.smoothing)
        print(f"{run.name}\n{overfitting_table(found, tolerance=args.tolerance)}\n")
    return draw_overfitting(
        runs, metrics=args.metrics, smoothing=args.smoothing, tolerance=args.tolerance
    )


def main() -> None:
    """Draw and write the picture."""
    args = parse_args()
    with user_errors():
        from argus.analysis.chart import save_png
        from argus.analysis.run_log import read_runs

        runs = read_runs(args.work_dirs)
        figure = draw(args, runs)
        print(f"written to {save_png(figure, args.out)}")


if __name__ == "__main__":
    main()
