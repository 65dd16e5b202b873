#!/usr/bin/env python3
r"""How much two tasks of MTV help each other beyond the better one alone: Eq. 4 of the paper.

    tools/mtv/synergy.py seed_0.json seed_1.json seed_2.json
    tools/mtv/synergy.py results.json --models vl=base ssl=base_ssl grounding=base_ground \
        ssl+grounding=base_ssl_ground
    tools/mtv/synergy.py --paper      the paper's Table 4, and what of it follows from its Table 3

Files are those of tools/mtv/evaluate.py, one for each seed, whose models are named vl (captions
alone), ssl, grounding, depth, ssl+grounding and so on (NAME=MODEL on its command line).
"""

import argparse
import dataclasses
import sys
from pathlib import Path

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from argus.commands.errors import user_errors  # noqa: E402
from argus.errors import ConfigError  # noqa: E402
from argus.files.durable import write_json  # noqa: E402
from argus.files.records import finite  # noqa: E402
from argus.names.printable import printable  # noqa: E402


def main(argv: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("results", nargs="*", metavar="RESULTS", help="file of results of a seed")
    parser.add_argument(
        "--models",
        nargs="+",
        action="extend",
        default=[],
        metavar="TASKS=NAME",
        help="which model is which",
    )
    parser.add_argument("--json", type=Path, help="write the values of every seed to this file")
    parser.add_argument("--paper", action="store_true", help="the paper's tables")
    args = parser.parse_args(argv)
    with user_errors(saved="files"):
        if bool(args.results) == args.paper:
            raise ConfigError("expected files of results, one for each seed, or --paper.")
        if args.paper:
            print_paper()
        else:
            print_results(args)


def print_results(args: argparse.Namespace) -> None:
    """The synergies of result files.

    Raises:
        ConfigError: If a word of --models says nothing.
    """
    from argus.mtv.evaluation.results import read_results
    from argus.mtv.evaluation.synergy import synergies, table_of

    names = dict(word.partition("=")[::2] for word in args.models)
    if not all(names.values()):
        raise ConfigError(f"--models {' '.join(args.models)}: expected TASKS=NAME.")
    found = synergies([read_results(path) for path in args.results], names or None)
    print(printable(table_of(found), lines=True))
    if args.json is not None:
        rows = {
            "+".join(pair): {name: dataclasses.asdict(spread) for name, spread in row.items()}
            for pair, row in found.items()
        }
        write_json(args.json, finite(dict(seeds=list(args.results), synergy_percent=rows)))


def print_paper() -> None:
    """Table 4, and its rows SSL x Ground. from Table 3."""
    from argus.mtv.evaluation.paper import SYNERGY_COLUMNS, TABLE_4
    from argus.mtv.evaluation.synergy import from_table_3

    print(f"| Table 4, synergy in % | {' | '.join([*SYNERGY_COLUMNS, 'average'])} |")
    print("|---" + "|---:" * (len(SYNERGY_COLUMNS) + 1) + "|")
    for block, rows in TABLE_4.items():
        for (one, other), values in rows.items():
            print(f"| {block}, {one} x {other} | {' | '.join(f'{v:.1f}' for v in values)} |")
    print("\n| SSL x Ground. | printed | from Table 3, if SSL is the better one alone | |")
    print("|---|---:|---:|---|")
    for cell in from_table_3():
        span = f"{cell.value:.1f} ({cell.lowest:.1f} to {cell.highest:.1f})"
        print(f"| {cell.block}, {cell.column} | {cell.printed:.1f} | {span} | {cell.verdict} |")


if __name__ == "__main__":
    main()
