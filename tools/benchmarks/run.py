#!/usr/bin/env python
"""Run the checks and benchmarks that a GPU makes interesting; see docs/benchmarks.md.

    python tools/benchmarks/run.py
    python tools/benchmarks/run.py --only deform_attention stage1_step
    python tools/benchmarks/run.py --quick --device cpu

Prints a table per section and writes ``benchmarks.json`` and ``benchmarks.md``. Exits with 1 if a
check is out of its limits or a section breaks; the others run all the same.
"""

import argparse
import gc
import importlib
import json
import sys
import time
import traceback
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.logging import MMLogger

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:  # as a script, only its own folder is searched
    sys.path.insert(0, str(ROOT))

from argus import __version__, env  # noqa: E402
from argus.precision import AUTO, resolve_precision  # noqa: E402
from tools.benchmarks.report import Result, Settings, as_dict, to_markdown  # noqa: E402

# Each is a module beside this one with ``cases(settings)``.
SECTIONS = (
    *(
        "attention",
        "deform_attention",
        "backbone",
        "decoders",
        "stage1_step",
        "stage1_stock",
        "stage2_step",
        "optimizer",
        "step_guard",
    ),
    *(
        "waits",
        "compiled_blocks",
        "inference",
        "vit",
        "precision",
        "loading",
        "pipelines",
        "coco_evaluation",
        "operations",
    ),
)
# Of a size that a CPU does in minutes.
_FOR_CPUS = {
    "vit",
    "stage2_step",
    "optimizer",
    "compiled_blocks",
    "precision",
    "loading",
    "pipelines",
    "coco_evaluation",
    "operations",
}
CLOCKS = {"wall": time.perf_counter, "processor": time.process_time}
OUT = Path("work_dirs/benchmarks")


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--only",
        nargs="+",
        action="extend",
        choices=SECTIONS,
        metavar="NAME",
        help=f"of {', '.join(SECTIONS)}",
    )
    parser.add_argument("--quick", action="store_true", help="toy sizes: does everything work?")
    default = "cuda" if torch.cuda.is_available() else "cpu"
    parser.add_argument("--device", default=default, help=f"here by default {default}")
    parser.add_argument(
        "--clock", choices=CLOCKS, default="wall", help="on a CPU that others use: processor"
    )
    parser.add_argument("--out", type=Path, default=OUT, help=f"folder of the results ({OUT})")
    args = parser.parse_args(argv)
    if args.device.startswith("cuda") and not torch.cuda.is_available():
        parser.error(f"--device {args.device}: no CUDA device here. Use --device cpu --quick.")
    if args.device == "cpu" and not args.quick and not _FOR_CPUS.issuperset(args.only or SECTIONS):
        parser.error("the full sizes need a GPU, and none was chosen or found. Use --quick.")
    return args


def environment_line(environment: dict[str, Any], device: torch.device) -> str:
    """GPU, versions and active backends in a line."""
    found, backends = environment["torch"], environment["backends"]
    where = f"CPU, {found['threads']} threads"
    if device.type == "cuda":
        gpu = found["gpus"][device.index or 0]
        where = f"{gpu['name']}, {gpu['memory_gb']} GB"
    active = {
        name: value["active"] if isinstance(value, dict) else value  # else it says why
        for name, value in backends.items()
    }
    return (
        f"Argus {__version__}, {where}, torch {found['version']} (CUDA {found['cuda_build']}), "
        f"attention: {active.get('attention')}, "
        f"deformable attention: {active.get('deformable_attention')}, "
        f"precision auto: {resolve_precision(AUTO, device)}"
    )


def run_section(name: str, settings: Settings) -> dict[str, Any]:
    """Run the cases of a section one by one.

    Returns:
        ``rows`` by case, ``failures`` as texts, and the ``seconds`` it took.
    """
    section: dict[str, Any] = {"rows": {}, "failures": []}
    start = time.perf_counter()
    try:
        for case in importlib.import_module(f"tools.benchmarks.{name}").cases(settings):
            print(f"  {name}: {case.name}", file=sys.stderr, flush=True)
            try:
                result = case.run()
            except Exception as error:  # any: the other cases have to run
                result = Result(errors=[_described(error)])
            section["rows"][case.name] = as_dict(result)
            section["failures"] += [f"{case.name}: {text}" for text in result.errors]
            gc.collect()
            torch.cuda.empty_cache()
    except Exception as error:  # any: the other sections have to run
        section["failures"].append(_described(error))
    section["seconds"] = time.perf_counter() - start
    return section


def _described(error: Exception) -> str:
    traceback.print_exception(error)
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}"


def main(argv: Sequence[str] | None = None) -> int:
    """Run, print and write; 1 if something failed, else 0."""
    args = parse_args(argv)
    device = torch.device(args.device)
    if device.type == "cuda" and device.index is None:
        device = torch.device("cuda", torch.cuda.current_device())
    settings = Settings(device, quick=args.quick, clock=CLOCKS[args.clock])
    warnings.filterwarnings("ignore")  # of the libraries; errors are what counts here
    MMLogger.get_instance("benchmarks", log_level="ERROR")  # no line per initialised parameter
    if device.type == "cuda":
        torch.cuda.set_device(device)
        torch.backends.cudnn.benchmark = True  # as configs/_base_/default_runtime.py
    environment = env.collect()
    line = environment_line(environment, device)
    print(line, file=sys.stderr)
    sections = {name: run_section(name, settings) for name in args.only or SECTIONS}
    failed = any(section["failures"] for section in sections.values())
    report = {
        "environment_line": line,
        "environment": environment,
        "device": str(device),
        "clock": args.clock,
        "quick": args.quick,
        "ok": not failed,
        "sections": sections,
    }
    text = to_markdown(report)
    print(text)
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "benchmarks.json").write_text(json.dumps(report, indent=2) + "\n")
    (args.out / "benchmarks.md").write_text(text + "\n")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
