"""``argus calibrate CONFIG CHECKPOINT``: loss weights by the norms of the tasks' gradients."""

import argparse
from pathlib import Path

from argus.commands.config_options import add_cfg_options, add_unsafe_pickle, load_config
from argus.commands.model_options import add_weights_of_gradients
from argus.errors import ConfigError
from argus.names.wording import counted

EPILOG = """\
examples:
  argus calibrate stage1.py work_dirs/stage1/iter_2000.pth              stage1_calibrated.py
  argus calibrate stage1.py work_dirs/stage1/iter_2000.pth --ratio plates=0.3 --batches 64

Takes batches of the training data of CONFIG, as a training would, and one backward pass per task
and batch; nothing is trained. Prints norms, spreads, cosines and weights, and writes a config that
imports CONFIG and sets the weights. Measured at the start of a training the norms say little: take
a checkpoint of some hundreds of steps. The same seed gives the same batches, of which a longer
measurement takes more.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("config", metavar="CONFIG", help="config of the training")
    parser.add_argument(
        "checkpoint", metavar="CHECKPOINT", nargs="?", help="checkpoint; untrained by default"
    )
    parser.add_argument("--batches", type=int, default=16, help="batches per task (default 16)")
    parser.add_argument("--seed", type=int, help="of batches and augmentation; default: CONFIG's")
    parser.add_argument(
        "--ratio",
        nargs="+",
        action="extend",
        default=[],
        metavar="TASK=NUMBER",
        help="how hard a task is meant to pull (default: instances 1, others 0.5)",
    )
    parser.add_argument(
        "--reference",
        metavar="TASK",
        help="task that keeps its weight; default: the first with the largest ratio",
    )
    parser.add_argument("--out", type=Path, help="config; default: CONFIG's name + _calibrated.py")
    add_weights_of_gradients(parser)
    add_cfg_options(parser)
    add_unsafe_pickle(parser)
    parser.set_defaults(amp=False, launcher="none", work_dir=None)


def run(args: argparse.Namespace) -> int:
    """Measure, print and write."""
    file = Path(args.config)
    if file.is_dir():
        raise ConfigError(f"{file} is a folder: expected the config of a training.")
    config = load_config(args)
    import torch

    from argus.analysis.calibrated_config import check_path, default_path, write_calibrated
    from argus.analysis.calibration import (
        OTHER_RATIO,
        RATIOS,
        calibrate,
        calibration_table,
        rounded,
    )
    from argus.analysis.gradients import measure_gradients
    from argus.analysis.loaded_model import load_model
    from argus.inference.task_info import kind_of

    out = args.out or default_path(file)
    check_path(file, out)
    path = None if args.checkpoint in (None, "none") else args.checkpoint
    if args.seed is not None:
        config.randomness = {**(config.get("randomness") or {}), "seed": args.seed}
    torch.manual_seed(int((config.get("randomness") or {}).get("seed", 0)))
    loaded = load_model(config, path, kind=args.weights)
    weights = {name: task.loss_weight for name, task in loaded.tasks.items()}
    kinds = {name: kind_of(task.decoder) for name, task in loaded.tasks.items()}
    ratios = _ratios_of(
        args.ratio, {name: RATIOS.get(kind, OTHER_RATIO) for name, kind in kinds.items()}
    )
    if args.reference is not None and args.reference not in weights:
        raise ConfigError(
            f"--reference: expected one of {', '.join(weights)}, found {args.reference!r}."
        )
    report = measure_gradients(loaded, num_batches=args.batches)
    found = calibrate(report, weights, ratios, reference=args.reference)
    table = calibration_table(found, report)
    where = "untrained" if path is None else f"at {path}"
    batches = counted(report.num_batches, "batch", "batches")
    remark = f"{batches}, seed {loaded.seed}, {where}\n\n{table}"
    print(f"{report.num_parameters:,} shared parameters, {remark}\n")
    if path is None:
        print("Measured before training, where the norms are others than later on.")
    write_calibrated(
        file,
        out,
        {name: rounded(task.new) for name, task in found.items()},
        command=["argus", *args.command_line],
        remark=remark,
    )
    print(f"written to {out}")
    return 0


def _ratios_of(options: list[str], known: dict[str, float]) -> dict[str, float]:
    """Ratios by task: the known ones, and those given in their place."""
    ratios = dict(known)
    for option in options:
        name, _, value = option.partition("=")
        try:
            number = float(value)
        except ValueError as error:
            raise ConfigError(f"--ratio: expected TASK=NUMBER, found {option!r}.") from error
        if name not in known:
            raise ConfigError(f"--ratio: expected one of {', '.join(known)}, found {name!r}.")
        ratios[name] = number
    return ratios
