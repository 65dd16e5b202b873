#!/usr/bin/env python3
"""Train and test a list of configs, and print their results as one table.

    tools/ablate.py configs/small/ablation.yaml --seeds 2
    tools/ablate.py configs/small/ablation.yaml --seeds 2 --parallel 2
    tools/ablate.py configs/small/ablation.yaml --seeds 2 --table

Every row is trained with every seed in a work dir of its own, and tested. What has results is
skipped, what was interrupted goes on, so that the same command can be given again. A row that
fails is named, and the others go on; the exit status is 1 then. The table is printed, with mean and
standard deviation over the seeds, and written to the work dir: table.md, table.tex, table.json.
"""

import argparse
import signal
import sys
from pathlib import Path
from typing import Any

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from argus.commands.config_options import add_cfg_options  # noqa: E402
from argus.commands.errors import user_errors  # noqa: E402
from argus.errors import ConfigError, TrainingStopped  # noqa: E402

_STOP_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("list", metavar="LIST", help="YAML file: title and rows, see docs/analysis")
    parser.add_argument(
        "--seeds", type=int, default=1, metavar="N", help="trainings of each row: seeds 0 to N-1"
    )
    parser.add_argument(
        "--rows",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME",
        help="these rows, and the first",
    )
    parser.add_argument(
        "--parallel", type=int, default=1, metavar="K", help="trainings at a time (default 1)"
    )
    parser.add_argument(
        "--processes", type=int, default=1, metavar="N", help="processes, or GPUs, of each training"
    )
    parser.add_argument(
        "--metrics",
        nargs="+",
        action="extend",
        default=[],
        metavar="TASK/METRIC",
        help="columns of the table",
    )
    add_cfg_options(parser, example="backbone.vit.weights=FILE, in every row")
    parser.add_argument("--work-dir", type=Path, help="default: work_dirs/ and the path of LIST")
    parser.add_argument("--table", action="store_true", help="train nothing, show what is there")
    return parser.parse_args()


def main() -> None:
    """Train, test, and print the table."""
    args = parse_args()
    with user_errors(saved="checkpoints and results"):
        status = ablate(args)
    sys.exit(status)


def ablate(args: argparse.Namespace) -> int:
    """Do what the arguments say; 1 if a row failed."""
    for name in ("seeds", "parallel", "processes"):
        if getattr(args, name) < 1:
            raise ConfigError(f"--{name}: expected at least 1, found {getattr(args, name)}.")
    from argus.ablation.children import Children
    from argus.ablation.formats import to_latex, to_markdown
    from argus.ablation.rows import choose_rows, read_listing, with_options
    from argus.ablation.runs import choose_metrics
    from argus.ablation.schedule import do_runs, make_runs, missing
    from argus.ablation.table import make_table
    from argus.files.durable import write_json, write_text
    from argus.libraries.importing import import_libraries

    listing = read_listing(args.list)
    rows = with_options(choose_rows(listing, args.rows), args.cfg_options)
    import_libraries()
    from argus.engine.config_files.reading import default_work_dir

    work_dir = args.work_dir or Path(default_work_dir(args.list))
    seeds = list(range(args.seeds))
    runs, failed = make_runs(rows, seeds, Path(listing.runs_in or work_dir))
    for name, problem in failed.items():
        _tell(f"{name}: {problem}")
    metrics = choose_metrics(runs, args.metrics or listing.metrics)
    if not args.table:
        children = Children(parallel=args.parallel, processes=args.processes)
        before = {number: signal.signal(number, _stop) for number in _STOP_SIGNALS}
        try:
            failed |= do_runs(runs, children, parallel=args.parallel, tell=_tell)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
    absent = failed | {name: why for name, why in missing(runs).items() if name not in failed}
    results = {
        (run.row.name, run.seed): run.results() or {} for run in runs if run.name not in absent
    }
    names = [row.name for row in rows]
    table = make_table(listing.title, names, seeds, metrics, results, absent)
    text = to_markdown(table)
    write_text(work_dir / "table.md", text)
    write_text(work_dir / "table.tex", to_latex(table))
    write_json(work_dir / "table.json", table.to_dict(rows))
    print(f"\n{text}\nwritten to {work_dir / 'table.md'}, table.tex and table.json")
    return 1 if failed else 0


def _tell(text: str) -> None:
    print(text, flush=True)


def _stop(number: int, frame: Any) -> None:
    raise TrainingStopped(
        f"stopped by {signal.Signals(number).name}: what was training has been asked to save a "
        "checkpoint; the same command goes on from there."
    )


if __name__ == "__main__":
    main()
