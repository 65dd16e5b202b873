#!/usr/bin/env python
"""How time and memory grow with image size, batch, tasks, objects, processes and data.

    python tools/benchmarks/growth.py
    python tools/benchmarks/growth.py --device cpu --tiny --only tasks "image size"

Prints a table and writes ``growth.md``, ``growth.json`` and ``growth.png``. The exponent of a row
is that of the power law through its three largest amounts: 1 is linear, 2 is quadratic.
"""

import argparse
import gc
import json
import math
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from mmengine.logging import MMLogger

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:  # as a script, only its own folder is searched
    sys.path.insert(0, str(ROOT))

from argus.analysis.chart import clean, line_color, save_png  # noqa: E402
from argus.libraries.importing import import_libraries  # noqa: E402

import_libraries()

from tools.benchmarks.growing_work import Growth, Work, growths  # noqa: E402
from tools.benchmarks.memory import peak_memory  # noqa: E402
from tools.benchmarks.timing import measure  # noqa: E402

OUT = Path("work_dirs/benchmarks/growth")
CLOCKS = {"wall": time.perf_counter, "processor": time.process_time}
FITTED = 3  # the largest amounts, where what is constant matters least
Row = dict[str, Any]


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    default = "cuda" if torch.cuda.is_available() else "cpu"
    parser.add_argument("--device", default=default, help=f"here by default {default}")
    parser.add_argument(
        "--only", nargs="+", action="extend", metavar="ROW", help="these rows, by name"
    )
    parser.add_argument("--tiny", action="store_true", help="the models of the scenes")
    parser.add_argument("--quick", action="store_true", help="tiny models, few amounts: a trial")
    parser.add_argument("--repeats", type=int, default=3, help="runs that count (default 3)")
    parser.add_argument(
        "--clock", choices=CLOCKS, default="processor", help="on a CPU (default processor)"
    )
    parser.add_argument("--out", type=Path, default=OUT, help=f"folder of the results ({OUT})")
    return parser.parse_args(argv)


def run(growth: Growth, amounts: Sequence[int], args: argparse.Namespace) -> Row:
    """Milliseconds and megabytes of all amounts, and the exponents."""
    milliseconds, megabytes = [], []
    for amount in amounts:
        print(f"  {growth.name}: {amount}", file=sys.stderr, flush=True)
        one, memory = _measured(growth.prepare(amount), args)
        milliseconds.append(one)
        megabytes.append(memory)
        gc.collect()
    counts = [amount**growth.power for amount in amounts]
    return dict(
        amounts=list(amounts),
        ms=milliseconds,
        mb=megabytes,
        exponent=exponent(counts, milliseconds),
        memory_exponent=exponent(counts, megabytes),
        most=growth.most,
        why=growth.why,
    )


def exponent(counts: Sequence[float], values: Sequence[float]) -> float | None:
    """Of the power law through the largest counts, by least squares of the logarithms.

    ``None`` of fewer than two of them, or where a value is none.
    """
    pairs = [(n, v) for n, v in zip(counts, values, strict=True) if v and math.isfinite(v)]
    pairs = pairs[-FITTED:]
    if len(pairs) < 2 or pairs[-1][0] != counts[-1]:
        return None
    x, y = np.log(np.asarray(pairs, np.float64)).T
    return float(np.polyfit(x, y, 1)[0])


def _measured(work: Work, args: argparse.Namespace) -> tuple[float, float]:
    device = torch.device(args.device)
    took = work()
    if device.type == "cuda" and not isinstance(took, float):
        timing = measure(work, device, repeats=args.repeats, warmup=0)
        return timing.milliseconds, timing.added_mb["added_mb"]
    with peak_memory() as peak:
        times = [_seconds(work, CLOCKS[args.clock]) for _ in range(args.repeats)]
    return 1e3 * statistics.median(times), peak()


def _seconds(work: Work, clock: Callable[[], float]) -> float:
    start = clock()
    took = work()
    return took if isinstance(took, float) else clock() - start


def to_markdown(rows: dict[str, Row]) -> str:
    """A table of all rows, one line for each amount."""
    head = ("row", "amount", "ms", "added MB", "exponent of time", "of memory", "expected at most")
    lines = [_line(head), _line(["---", *["---:"] * (len(head) - 1)])]
    for name, row in rows.items():
        last = len(row["amounts"]) - 1
        for index, amount in enumerate(row["amounts"]):
            found = [f"{row['ms'][index]:,.3g}", f"{row['mb'][index]:,.0f}"]
            fits = [_number(row["exponent"]), _number(row["memory_exponent"]), f"{row['most']:g}"]
            cells = fits if index == last else [""] * 3
            lines.append(_line([name if index == 0 else "", f"{amount:,}", *found, *cells]))
    notes = [f"- {name}: {row['why']}." for name, row in rows.items() if row["why"]]
    return "\n".join([*lines, "", *notes])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def draw(rows: dict[str, Row]) -> Figure:
    """A panel per row: time, and memory beside it, both axes logarithmic."""
    columns = min(4, len(rows))
    lines = math.ceil(len(rows) / columns)
    figure = Figure(figsize=(3.2 * columns, 2.6 * lines), layout="constrained")
    for number, (name, row) in enumerate(rows.items(), 1):
        axes = figure.add_subplot(lines, columns, number)
        clean(axes, name)
        axes.loglog(row["amounts"], row["ms"], "o-", color=line_color(0), markersize=3)
        axes.set_ylabel("ms", color=line_color(0), fontsize=8)
        memory = axes.twinx()
        positive = [value if value > 0 else math.nan for value in row["mb"]]
        memory.loglog(row["amounts"], positive, "s--", color=line_color(1), markersize=3)
        memory.set_ylabel("added MB", color=line_color(1), fontsize=8)
        memory.tick_params(labelsize=8)
    return figure


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    args = parse_args(argv)
    warnings.filterwarnings("ignore")  # of the libraries
    MMLogger.get_instance("benchmarks", log_level="ERROR")  # no line per initialised parameter
    tiny = args.tiny or args.quick
    found = list(growths(torch.device(args.device), tiny=tiny))
    unknown = sorted(set(args.only or ()) - {growth.name for growth in found})
    if unknown:
        raise SystemExit(f"--only {unknown}: there are {[growth.name for growth in found]}.")
    rows = {
        growth.name: run(growth, growth.quick if args.quick else growth.amounts, args)
        for growth in found
        if not args.only or growth.name in args.only
    }
    text = to_markdown(rows)
    print(text)
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "growth.md").write_text(text + "\n")
    (args.out / "growth.json").write_text(json.dumps(rows, indent=2) + "\n")
    save_png(draw(rows), args.out / "growth.png")


if __name__ == "__main__":
    main()
