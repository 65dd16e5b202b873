#!/usr/bin/env python3
r"""Measure encoders by the protocols of the MTV paper, and print them side by side.

    tools/mtv/evaluate.py work_dirs/mtv/model google/siglip-base-patch16-224 \
        --on zero_shot retrieval --data zero_shot=data/imagenet --out results.json
    tools/mtv/evaluate.py mine=work_dirs/mtv/model timm:vit_base_patch16_clip_224.openai \
        --on zero_shot --option templates=openai_7
    tools/mtv/evaluate.py --list                  the evaluations, their data and options
    tools/mtv/evaluate.py --out results.json      the table of what is there

A MODEL is a folder or a name on the Hub of transformers (SigLIP, SigLIP 2 at a fixed resolution,
CLIP, DINOv2, DINOv3, MTV), or timm:NAME; NAME=MODEL names it in the table. Every result is merged
into the file as soon as it is there; what is measured again with the same options takes its place.
"""

import argparse
import dataclasses
import sys
from pathlib import Path

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from argus.commands.errors import user_errors  # noqa: E402
from argus.errors import ConfigError  # noqa: E402
from argus.names.printable import printable  # noqa: E402


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="*", metavar="MODEL", help="what to measure")
    parser.add_argument(
        "--on", nargs="+", action="extend", default=[], metavar="NAME", help="evaluations"
    )
    parser.add_argument(
        "--data",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME=FOLDER",
        help="data that are elsewhere",
    )
    parser.add_argument(
        "--option",
        nargs="+",
        action="extend",
        default=[],
        metavar="KEY=VALUE",
        help="[NAME.]KEY=VALUE, see --list",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("work_dirs/mtv/evaluations.json"), help="file of results"
    )
    parser.add_argument("--device", help="cpu or cuda; a GPU if there is one by default")
    parser.add_argument("--list", action="store_true", help="what there is to evaluate")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Measure, and print the table."""
    args = parse_args(argv)
    with user_errors(saved="results"):
        try:
            import transformers  # noqa: F401
        except ImportError as error:
            raise ConfigError(
                "MTV needs the extra 'mtv': python -m pip install -r requirements/mtv.txt, or "
                "'argus-multitask[mtv]'."
            ) from error
        run(args)


def run(args: argparse.Namespace) -> None:
    """What is asked for.

    Raises:
        ConfigError: If there is nothing to do, or a name is unknown.
    """
    from argus.mtv.evaluation.protocols import NAMES, find_evaluation, read_options
    from argus.mtv.evaluation.results import read_results, table
    from argus.mtv.evaluation.runs import find_roots, run_all

    if args.list:
        print("\n\n".join(describe(name) for name in NAMES))
        return
    if bool(args.models) != bool(args.on):
        raise ConfigError(f"expected models and --on with some of {', '.join(NAMES)}.")
    if args.models:
        chosen = [find_evaluation(name) for name in dict.fromkeys(args.on)]
        options = read_options(chosen, args.option)
        roots = find_roots(chosen, args.data)
        say = lambda line: print(printable(line), file=sys.stderr, flush=True)  # noqa: E731
        run_all(args.models, chosen, roots, options, out=args.out, device=args.device, say=say)
        if not args.out.exists():
            raise ConfigError("nothing was measured: the models lack what the evaluations need.")
    entries = read_results(args.out)
    measured = {item["evaluation"] for item in entries}
    shown = [find_evaluation(name) for name in NAMES if name in measured]
    print(printable(table(entries, shown), lines=True))
    points = [f"- {e.title}: {point}" for e in shown for point in e.open_points]
    if points:
        print("\n".join(["", "What the paper leaves open:", *points]))


def describe(name: str) -> str:
    """An evaluation for a person."""
    from argus.mtv.evaluation.protocols import find_evaluation

    evaluation = find_evaluation(name)
    options = dataclasses.fields(evaluation.options)
    lines = [
        f"{name}: {evaluation.title}",
        f"  data: {evaluation.root or '(--data)'}: {evaluation.layout}",
        f"  metrics: {', '.join(evaluation.metrics)}",
        f"  options: {', '.join(f'{o.name}={o.default}' for o in options) or 'none'}",
        *(f"  open: {point}" for point in evaluation.open_points),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
