"""``argus test`` and ``tools/test.py``: benchmark numbers of a checkpoint or a merged model.

Prints every task's metrics beside the published ones and writes them to the work dir as
``results.json`` and ``results.md``.
"""

import argparse
from pathlib import Path

from argus.commands.config_options import add_common_arguments, load_config
from argus.commands.model_options import add_trust
from argus.commands.processes import add_processes, run_in_processes
from argus.errors import ConfigError
from argus.files.durable import write_json, write_text

DESCRIPTION = "Evaluate a checkpoint on all tasks of a config."
EPILOG = """\
examples:
  argus test configs/stage1_5task.py work_dirs/stage1_5task/iter_300000.pth
  argus test MODEL --processes 8 --save-metrics    a merged model; also noted in its manifest
  argus test MODEL --tasks depth semantic --show-dir pictures
  argus test configs/stage1_5task.py none          the untrained model
  argus test MODEL --data cars.json --map car=vehicle    boxes on other data, in COCO's format

The numbers of several processes are those of one.
"""


def add_test_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of one process."""
    parser.add_argument(
        "config",
        metavar="CONFIG|MODEL",
        help="config the checkpoint was trained with, or the folder of a merged model",
    )
    parser.add_argument(
        "checkpoint", nargs="?", help="checkpoint, or 'none' for the untrained model; not for MODEL"
    )
    parser.add_argument(
        "--weights", choices=("ema", "raw"), help="averaged or trained weights; default: CONFIG's"
    )
    parser.add_argument(
        "--tasks", nargs="+", action="extend", metavar="NAME", help="evaluate these tasks only"
    )
    add_trust(parser, what="MODEL")
    parser.add_argument(
        "--data",
        type=Path,
        metavar="FILE",
        help="measure a detector on this annotation file in COCO's format",
    )
    parser.add_argument("--images", type=Path, metavar="DIR", help="its pictures; default: FILE's")
    parser.add_argument(
        "--map",
        nargs="+",
        action="extend",
        default=[],
        metavar="CLASS=CATEGORY",
        help="which class of the detector is which category of FILE; default: those of one name",
    )
    parser.add_argument(
        "--out",
        type=Path,
        help="JSON file; default: WORK_DIR/results.json, with --data results_<name of FILE>.json",
    )
    parser.add_argument(
        "--save-metrics", action="store_true", help="also note the metrics in MODEL's manifest"
    )
    parser.add_argument("--show-dir", type=Path, help="save pictures of predictions there")
    parser.add_argument(
        "--show-num", type=int, default=8, help="pictures per task with --show-dir (default 8)"
    )
    add_common_arguments(parser)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_test_arguments(parser)
    add_processes(parser)


def run(args: argparse.Namespace) -> int:
    """Evaluate here, or in several processes."""
    return run_in_processes(args, test)


def test(args: argparse.Namespace) -> None:
    """Evaluate and write the table."""
    config = load_config(args)
    from argus.engine.evaluate import evaluate
    from argus.models.backbones.separate_vit import read_model

    is_model = Path(args.config).is_dir()
    if is_model == bool(args.checkpoint):
        raise ConfigError(
            f"{args.config} is a model: it needs no checkpoint beside it, found {args.checkpoint}."
            if is_model
            else f"no checkpoint: name it after {args.config}, or 'none' for the untrained model."
        )
    model = read_model(args.config) if is_model else None
    name, notes = "results", list[str]()
    if args.data is None and (args.images is not None or args.map):
        raise ConfigError("--images and --map are of other data: name their file by --data.")
    if args.data is not None:
        from argus.engine.unseen_data import use_unseen_data

        if args.save_metrics:
            raise ConfigError("--save-metrics notes the model's own results, not those of --data.")
        name = f"results_{args.data.stem}"
        notes = use_unseen_data(
            config, args.data, images=args.images, pairs=args.map, tasks=args.tasks
        )
        args.tasks = list(config.tasks)
    metrics, table = evaluate(
        config,
        model or (None if args.checkpoint == "none" else args.checkpoint),
        weights=args.weights,
        tasks=args.tasks,
        show_dir=args.show_dir,
        show_num=args.show_num,
    )
    from mmengine.dist import is_main_process

    if is_main_process():
        out = args.out or Path(config.work_dir) / f"{name}.json"
        write_json(out, metrics, sort_keys=True)
        said = "".join(f"- {note}\n" for note in notes)
        write_text(out.with_suffix(".md"), table + "\n" + (said and f"\n{said}"))
        print(said, end="")
        if model and args.save_metrics:
            model.add_metrics(metrics)
            model.write_manifest(args.config)
        print(f"written to {out} and {out.with_suffix('.md').name}")
