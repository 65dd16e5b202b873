#!/usr/bin/env python
"""What it saves that tasks on the same pictures share backbone passes in an evaluation.

    python tools/benchmarks/evaluation.py configs/scenes/stage2_7task.py
    python tools/benchmarks/evaluation.py CONFIG CHECKPOINT --clock wall

Measures the test of a config with shared passes and without, in turns, and compares the numbers.
Without a checkpoint the weights are random: what a pass costs does not depend on them.
"""

import argparse
import logging
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:  # as a script, only its own folder is searched
    sys.path.insert(0, str(ROOT))

from argus.commands.errors import user_errors  # noqa: E402
from argus.engine import MultitaskRunner  # noqa: E402
from argus.libraries.importing import import_libraries  # noqa: E402
from tools.benchmarks.timing import Comparison, compare  # noqa: E402

CLOCKS = dict(processor=time.process_time, wall=time.perf_counter)


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", help="a training config whose data are there")
    parser.add_argument("checkpoint", nargs="?", help="random weights without one")
    parser.add_argument("--pairs", type=int, default=6, help="turns of each (6)")
    parser.add_argument("--clock", choices=CLOCKS, default="processor")
    parser.add_argument("--work-dir", default="work_dirs/benchmarks/evaluation")
    return parser.parse_args(argv)


def runner_of(args: argparse.Namespace) -> MultitaskRunner:
    """A runner that tests the config, loading in this process so that its clock counts all."""
    config: Any = Config.fromfile(args.config)
    config.train_cfg = config.optim_wrapper = None
    config.load_from, config.resume, config.work_dir = args.checkpoint, False, args.work_dir
    if args.checkpoint is None and "checkpoint" in config.backbone:
        config.backbone.checkpoint = "random"
    for task in config.tasks.values():
        for part in ("val", "test"):
            if task.get(part):
                task[part].num_workers = 0
    runner = MultitaskRunner.from_cfg(config)
    if args.checkpoint is None:
        runner.raw_model.init_weights()
    return runner


def measure(runner: MultitaskRunner, *, pairs: int, clock: str) -> tuple[Comparison, list[str]]:
    """Both ways in turns.

    Args:
        runner: Whose test data are measured.
        pairs: Turns of each.
        clock: ``processor`` or ``wall``.

    Returns:
        Shared against alone, and what is wrong.
    """
    runner.test()  # loads the weights
    loop = runner.test_loop
    found: dict[bool, Mapping[str, float]] = {}

    def run(shared: bool) -> None:
        found[shared] = loop.run(share_passes=shared)

    device = next(runner.raw_model.parameters()).device
    comparison = compare(
        lambda: run(True), lambda: run(False), device, pairs=pairs, runs=1, clock=CLOCKS[clock]
    )
    odd = [
        f"{name} is {found[True].get(name)} with shared passes and {value} without"
        for name, value in found[False].items()
        if not _same(found[True].get(name), value)
    ]
    return comparison, odd


def _same(one: float | None, other: float) -> bool:
    # A kernel of a GPU need not give the same bits twice.
    return one is not None and abs(one - other) <= (1e-6 if torch.cuda.is_available() else 0)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 1 if numbers differ, else 0."""
    args = parse_args(argv)
    with user_errors():
        import_libraries()
        runner = runner_of(args)
        logging.disable(logging.INFO)
        found, odd = measure(runner, pairs=args.pairs, clock=args.clock)
    print(f"{args.clock} time, {args.pairs} turns each")
    print(f"shared passes {found.first_ms:,.0f} ms, one by one {found.second_ms:,.0f} ms")
    print(f"ratio {found.ratio:.2f} ({found.low:.2f} to {found.high:.2f})")
    print("\n".join(odd) or "the same numbers")
    return int(bool(odd))


if __name__ == "__main__":
    sys.exit(main())
