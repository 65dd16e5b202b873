"""``argus train CONFIG`` and ``tools/train.py``: train the tasks of a config."""

import argparse
from typing import TYPE_CHECKING

from argus.commands.config_options import add_common_arguments, load_config
from argus.commands.processes import add_processes, run_in_processes
from argus.errors import ConfigError
from argus.processes.stop_signals import ended_by_signals

if TYPE_CHECKING:
    from mmengine.config import Config

DESCRIPTION = "Train the tasks of a config."
EPILOG = """\
examples:
  argus train configs/stage1_5task.py --processes 8     on 8 GPUs
  argus train configs/stage1_5task.py --processes 8 --resume    go on after an interruption
  argus train my_task.py --track wandb                  curves and pictures in Weights & Biases
  argus train my_task.py --amp --cfg-options train_cfg.max_iters=100 optim_wrapper.optimizer.lr=1e-5

Checkpoints, logs and TensorBoard files go to the work dir. Ctrl-C keeps checkpoints whole.
"""


def add_training_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of one training process."""
    parser.add_argument("config", help="config file, e.g. configs/stage1_5task.py")
    parser.add_argument(
        "--resume",
        nargs="?",
        const="auto",
        metavar="CHECKPOINT",
        help="go on from CHECKPOINT; without a value, from the newest whole one in the work dir; "
        "'none': train from the start and move those that are there aside",
    )
    parser.add_argument(
        "--requeue",
        action="store_true",
        help="for machines that may be taken away: as --resume, and started again if a process was "
        "asked to stop (SIGTERM, SIGUSR1) and the command was not",
    )
    parser.add_argument(
        "--track",
        action="append",
        default=[],
        choices=("tensorboard", "wandb", "mlflow"),
        help="have curves and pictures in this program, too; can be repeated. TensorBoard's files "
        "are written anyway, unless CONFIG has a visualizer without them",
    )
    parser.add_argument(
        "--auto-batch",
        action="store_true",
        help="try steps of growing batches first, and train with the largest of which one fits "
        "into the memory; says what it took, for the config",
    )
    add_common_arguments(parser)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_training_arguments(parser)
    add_processes(parser)


def run(args: argparse.Namespace) -> int:
    """Train here, or in several processes."""
    return run_in_processes(args, train)


def train(args: argparse.Namespace) -> None:
    """Build the runner and train; nothing of it is left afterwards."""
    with ended_by_signals():
        _train(args)


def _train(args: argparse.Namespace) -> None:
    config = load_config(args)
    if args.requeue and args.resume is None:
        args.resume = "auto"
    if args.resume == "none":
        config.resume = "none"
    elif args.resume is not None:
        config.resume = True
        config.load_from = None if args.resume == "auto" else args.resume
    from argus.engine import MultitaskRunner
    from argus.engine.reports.trackers import add_trackers

    add_trackers(config, args.track)
    if args.auto_batch:
        _take_largest_batches(config, args)
    runner = MultitaskRunner.from_cfg(config)
    runner.train()
    runner.close()


def _take_largest_batches(config: "Config", args: argparse.Namespace) -> None:
    if args.launcher != "none" or args.resume is not None:
        reason = (
            "a training that goes on keeps its batches"
            if args.launcher == "none"
            else "several processes have to agree on their batches"
        )
        raise ConfigError(
            f"--auto-batch: {reason}. Begin once in one process with --auto-batch, and write the "
            "line that it says into the config."
        )
    from argus.engine.auto_batch.find import apply
    from argus.engine.auto_batch.process import find_in_process

    print("--auto-batch: trying steps of growing batches ...", flush=True)
    for line in apply(find_in_process(config, unsafe_pickle=args.unsafe_pickle), config):
        print(line, flush=True)
