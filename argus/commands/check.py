"""``argus check CONFIG``: what a training would refuse, and what is wrong with its data."""

import argparse
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from argus.commands.config_options import add_cfg_options, load_config
from argus.errors import ConfigError
from argus.libraries.importing import import_libraries
from argus.names.printable import printable
from argus.names.wording import counted

if TYPE_CHECKING:
    from mmengine.config import Config

EPILOG = """\
examples:
  argus check plates.py                                 all files of all parts
  argus check configs/stage1_5task.py --num-processes 8 --sample 1000 --json report.json
  argus check coco data/coco                            a folder beside what its owner published

With a config it reports what a training would refuse in the config, its pipelines included,
whatever comes first there; and, for every task's training, validation and test data: files and
folders missing, images that do not decode, labels out of range, empty annotations, zero-area boxes,
crowd regions, the classes, what the metrics cannot read, pictures that are measured by though a
task is trained on them, and how many samples the task will see.
Weight files that are missing are named apart, and are no errors of the data; nor is a data set that
is smaller or larger than published, which is a warning. With the name of a data set it says which
pictures, annotations and classes are missing or too many. The exit status is 1 if an error was
found, and 2 if nothing could be checked.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "config",
        metavar="CONFIG|NAME",
        help="training config, the config of one task, or the name of a published data set such as "
        "coco or ade20k, of which an unknown one lists all",
    )
    parser.add_argument(
        "folder", nargs="?", type=Path, help="of the named data set (default: its place in data/)"
    )
    parser.add_argument(
        "--allow-partial",
        action="store_true",
        help="take it for granted that a data set is only a part of the published one",
    )
    parser.add_argument("--tasks", nargs="+", action="extend", help="only these tasks")
    parser.add_argument(
        "--sample", type=int, help="decode this many files of each data set (default: all)"
    )
    parser.add_argument(
        "--num-processes", type=int, default=1, help="processes (GPUs) of the run (default: 1)"
    )
    parser.add_argument("--threads", type=int, default=8, help="threads that decode (default: 8)")
    parser.add_argument("--json", type=Path, help="write everything that was found to this file")
    add_cfg_options(parser)
    parser.set_defaults(amp=False, launcher="none", work_dir=None)


def run(args: argparse.Namespace) -> int:
    """Check and print; 1 if there is an error, else 0."""
    import_libraries()
    from argus.datasets.convert.all_converters import CONVERTERS

    if args.config in CONVERTERS:
        return _check_data_set(args)
    if args.folder is not None:
        raise ConfigError(
            f"{args.config} is no data set that could be in {args.folder}; known are "
            f"{', '.join(CONVERTERS)}. A config is given alone."
        )
    if not Path(args.config).exists() and not Path(args.config).suffix:
        raise ConfigError(
            f"{args.config} is neither a config file nor the name of a data set; known are "
            f"{', '.join(CONVERTERS)}."
        )
    return _check_config(args)


def _check_data_set(args: argparse.Namespace) -> int:
    """Compare a folder with what is published of a data set; 1 if they differ, else 0."""
    from argus.datasets.checks.published_sizes import compare
    from argus.datasets.convert.all_converters import CONVERTERS

    converter = CONVERTERS[args.config]
    folder = args.folder or Path(converter.default_out)
    findings = compare(converter, folder, allow_partial=args.allow_partial)
    print(printable(findings.to_text(max_lines=len(converter.published) * 2), lines=True))
    _write_report(args.json, [findings.to_dict()])
    if findings.errors:
        print(
            f"`argus convert {converter.name}` says how to get what is missing; --allow-partial "
            "takes a part for right."
        )
    elif findings.notes:
        print(f"A part of {converter.title}, on purpose.")
    else:
        print(f"All of {converter.title}, as it is published.")
    return int(bool(findings.errors))


def _check_config(args: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.progress import track

    from argus.datasets.checks.findings import Findings
    from argus.datasets.checks.published_sizes import compare_roots
    from argus.datasets.checks.walk import check_tasks
    from argus.engine.checks.data import RunChecks
    from argus.engine.checks.needed_files import weights_not_there
    from argus.engine.checks.problems import config_problems, task_config_problems

    config = load_config(args)
    tasks = _tasks_of(config)
    unknown = sorted(set(args.tasks or ()) - set(tasks))
    if unknown:
        raise ConfigError(f"--tasks {unknown}: the config has {', '.join(tasks)}.")
    console = Console(stderr=True)

    def progress(items: Iterable[Any], total: int, title: str) -> Iterable[Any]:
        return track(items, description=title, total=total, console=console, transient=True)

    chosen = {name: tasks[name] for name in tasks if not args.tasks or name in args.tasks}
    is_run = bool(config.get("tasks"))
    whole = Findings(where="config")
    whole.errors += config_problems(config) if is_run else task_config_problems(chosen)
    weights = weights_not_there(config) if is_run else []
    results = check_tasks(
        chosen,
        num_steps=_num_batches(config),
        num_processes=args.num_processes,
        sample=args.sample,
        num_threads=args.threads,
        run=RunChecks(config),
        progress=progress,
    )
    published = compare_roots(chosen.values(), allow_partial=args.allow_partial)
    for findings in (whole, *results, *published):
        print(printable(findings.to_text(), lines=True))
    for text in weights:
        print(printable(f"weights: {text}", lines=True))
    told: list[dict[str, Any]] = [f.to_dict() for f in (whole, *results, *published)]
    told += [dict(where="weights", missing=weights)] if weights else []
    _write_report(args.json, told)
    num_errors = sum(len(findings.errors) for findings in (whole, *results))
    missing = f"; {counted(len(weights), 'weight file')} missing" if weights else ""
    print(f"{counted(len(results), 'data set')} checked, {counted(num_errors, 'error')}{missing}.")
    if num_errors and not any(map(_is_own, chosen.values())):
        print(
            "Published data sets: `argus convert NAME` brings a download into the layout that "
            "configs read, `argus check NAME FOLDER` names what is missing there."
        )
    return int(num_errors > 0)


def _is_own(task: Mapping[str, Any]) -> bool:
    """Whether a task trains on data in the layout of a tool, which nothing has to convert."""
    from argus.datasets.checks.paths import flatten

    train = task.get("train")
    dataset = train.get("dataset") if isinstance(train, Mapping) else None
    return "data" in task or any("data" in single for single in flatten(dataset))


def _tasks_of(config: "Config") -> dict[str, Any]:
    """The task configs in a training config or in a file of ``configs/_base_/tasks``."""
    given = config.get("tasks")
    if given:
        return {
            name: task
            for name, task in (given.items() if isinstance(given, Mapping) else ())
            if isinstance(task, Mapping)
        }
    tasks = {
        name: value
        for name, value in config.items()
        if isinstance(value, dict) and "decoder" in value and "train" in value
    }
    if not tasks:
        raise ConfigError(f"{config.filename}: no tasks found; expected tasks = dict(name=task).")
    return tasks


def _num_batches(config: "Config") -> int | None:
    """Batches of each task in the schedule; ``None`` if the config has no schedule."""
    schedule = config.get("train_cfg") or {}
    steps = schedule.get("max_iters")
    return None if steps is None else steps * schedule.get("accumulate", 1)


def _write_report(path: Path | None, content: list[dict[str, Any]]) -> None:
    """Write what was found to a file, if one is asked for."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content, indent=2) + "\n")
