#!/usr/bin/env python3
"""Benchmark numbers of a checkpoint: ``tools/test.py CONFIG CHECKPOINT``.

Prints one table with every task's metrics beside the published ones and writes it to the work dir
as ``results.json`` and ``results.md``.
"""

import argparse
import json
import sys
from pathlib import Path

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from argus.apis.cli import add_common_arguments, load_config, user_errors  # noqa: E402


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Evaluate a checkpoint on all tasks of a config.")
    parser.add_argument("config", help="config file the checkpoint was trained with")
    parser.add_argument("checkpoint", help="checkpoint, or 'none' for the untrained model")
    parser.add_argument(
        "--weights", choices=("ema", "raw"), help="averaged or trained weights; default: CONFIG's"
    )
    parser.add_argument("--tasks", nargs="+", metavar="NAME", help="evaluate these tasks only")
    parser.add_argument("--out", type=Path, help="JSON file; default: WORK_DIR/results.json")
    parser.add_argument("--show-dir", type=Path, help="save pictures of predictions there")
    parser.add_argument(
        "--show-num", type=int, default=8, help="pictures per task with --show-dir (default 8)"
    )
    add_common_arguments(parser)
    return parser.parse_args()


def main() -> None:
    """Evaluate and write the table."""
    args = parse_args()
    with user_errors():
        config = load_config(args)
        from argus.apis.benchmark import evaluate

        metrics, table = evaluate(
            config,
            None if args.checkpoint == "none" else args.checkpoint,
            weights=args.weights,
            tasks=args.tasks,
            show_dir=args.show_dir,
            show_num=args.show_num,
        )
        from mmengine.dist import is_main_process

        if is_main_process():
            out = args.out or Path(config.work_dir) / "results.json"
            out.parent.mkdir(parents=True, exist_ok=True)
            out.write_text(json.dumps(metrics, indent=2, sort_keys=True) + "\n")
            out.with_suffix(".md").write_text(table + "\n")
            print(f"written to {out} and {out.with_suffix('.md').name}")


if __name__ == "__main__":
    main()
