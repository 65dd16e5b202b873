#!/usr/bin/env python3
"""What a step of stage 1 with a balancer costs, against one with fixed weights, in turns.

    python tools/benchmarks/balancing.py
    python tools/benchmarks/balancing.py --full        # Argus-Base at full size, on a GPU

Both steps are of one process and one model, turn by turn, so that what else the machine does meets
both; on a CPU the time is that of this process. Without ``--full`` it is the model of the generated
scenes. Random weights, images and labels.
"""

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from mmengine.logging import MMLogger

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from argus.engine.balancing import (  # noqa: E402
    FAMO,
    Balancer,
    GradNorm,
    TorchJDGradients,
    TorchJDLosses,
)
from argus.engine.balancing.balanced_schedule import BalancedSchedule  # noqa: E402
from argus.engine.gradient_schedule import GradientSchedule  # noqa: E402
from tools.benchmarks.configs import SEED  # noqa: E402
from tools.benchmarks.report import Settings  # noqa: E402
from tools.benchmarks.stage1_step import Trainer  # noqa: E402
from tools.benchmarks.timing import compare  # noqa: E402

METHODS: dict[str, Callable[[], Balancer]] = {
    "FAMO": FAMO,
    "FAMO, interval=10": partial(FAMO, interval=10),
    "GradNorm": partial(GradNorm, first_steps=1),
    "UW": partial(TorchJDLosses, "UW"),
    "PCGrad": partial(TorchJDGradients, "PCGrad"),
    "AlignedMTL": partial(TorchJDGradients, "AlignedMTL"),
    "MGDA": partial(TorchJDGradients, "MGDA"),
    "CAGrad": partial(TorchJDGradients, "CAGrad", c=0.5),
    "NashMTL": partial(TorchJDGradients, "NashMTL"),
}


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--full", action="store_true", help="Argus-Base at full size")
    parser.add_argument(
        "--schedules",
        nargs="+",
        action="extend",
        default=[],
        metavar="KIND",
        help="both",
    )
    parser.add_argument(
        "--methods", nargs="+", action="extend", default=[], metavar="NAME", help="all"
    )
    parser.add_argument("--pairs", type=int, default=12, help="turns of each (default 12)")
    return parser.parse_args()


def step(trainer: Trainer, schedule: GradientSchedule) -> None:
    """One step with the update of the weights, and what the balancer learns of it."""
    arguments: Any = (trainer.model, [trainer.batches], trainer.optimizer)
    seeds = [dict.fromkeys(trainer.batches, SEED)]
    schedule.backward(*arguments, seeds=seeds)
    trainer.optimizer.clip()
    trainer.optimizer.step()
    schedule.after_step(*arguments, seeds=seeds)
    trainer.optimizer.zero_grad()


def main() -> None:
    """Measure, and print a table."""
    args = parse_args()
    MMLogger.get_instance("benchmarks", log_level="ERROR")  # no line per initialised parameter
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    trainer = Trainer(Settings(device, quick=not args.full))
    print("| balancer | schedule | fixed, ms | ratio | 95 % |\n|---|---|---|---|---|", flush=True)
    for kind in args.schedules or ["joint", "sequential"]:
        fixed = GradientSchedule(kind)
        for name in args.methods or METHODS:
            balancer = METHODS[name]()
            balancer.start(list(trainer.batches), device=device, seed=SEED)
            balanced = BalancedSchedule(kind, balancer, trainer.model)
            found = compare(
                partial(step, trainer, balanced),
                partial(step, trainer, fixed),
                device,
                pairs=args.pairs,
                runs=10 if "interval" in name else 1,
                clock=time.perf_counter if device.type == "cuda" else time.process_time,
            )
            print(
                f"| {name} | {kind} | {found.second_ms:.0f} | {found.ratio:.2f} | "
                f"{found.low:.2f} to {found.high:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
