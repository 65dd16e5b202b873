#!/usr/bin/env python3
"""Norms of the tasks' gradients on the shared adapter, and the cosines between them, as a heat map.

    tools/analysis/gradients.py configs/stage1_5task.py work_dirs/stage1_5task/iter_300000.pth

Takes batches of the training data of CONFIG, as a training would, and one backward pass per task
and batch; nothing is trained. Writes OUT and, beside it, the numbers as JSON.
"""

import argparse
import json
import sys
from pathlib import Path

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from argus.commands.config_options import add_cfg_options, load_config  # noqa: E402
from argus.commands.errors import user_errors  # noqa: E402
from argus.commands.model_options import add_weights_of_gradients  # noqa: E402


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", metavar="CONFIG", help="config of the training")
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help="checkpoint, or 'none'")
    parser.add_argument("--batches", type=int, default=8, help="batches per task (default 8)")
    parser.add_argument(
        "--out", type=Path, default=Path("gradients.png"), help="default: gradients.png"
    )
    add_weights_of_gradients(parser)
    add_cfg_options(parser)
    parser.set_defaults(amp=False, launcher="none", work_dir=None)
    return parser.parse_args()


def main() -> None:
    """Measure, draw and write."""
    args = parse_args()
    with user_errors():
        config = load_config(args)
        from argus.analysis.chart import save_png
        from argus.analysis.gradients import draw_gradients, measure_gradients
        from argus.analysis.loaded_model import load_model

        path = None if args.checkpoint == "none" else args.checkpoint
        report = measure_gradients(
            load_model(config, path, kind=args.weights), num_batches=args.batches
        )
        name = Path(args.config).stem if path is None else Path(path).name
        print(f"written to {save_png(draw_gradients(report, title=name), args.out)}")
        numbers = args.out.with_suffix(".json")
        numbers.write_text(json.dumps(report.to_dict(), indent=2) + "\n")
        print(f"written to {numbers}")


if __name__ == "__main__":
    main()
