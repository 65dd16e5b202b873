#!/usr/bin/env python3
"""Get a small public data set: ``get.py camvid``.

Its original is downloaded, checked and brought into the layout of data/README.md, where the configs
of configs/small look for it. A download that broke off goes on where it stopped. The exit status is
1 if a count differs from the published one.
"""

import argparse
import sys
from pathlib import Path

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from argus.commands.errors import user_errors  # noqa: E402
from argus.datasets.convert.all_converters import CONVERTERS  # noqa: E402
from argus.datasets.convert.conversion import Options, summary  # noqa: E402
from argus.datasets.convert.originals import ORIGINALS, get_original  # noqa: E402
from argus.files.download_progress import progress_line  # noqa: E402


def main(argv: list[str] | None = None) -> int:
    """Get the data set and print its counts; 1 if some differ from the published ones, else 0."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", metavar="NAME", help=", ".join(ORIGINALS))
    parser.add_argument("--to", type=Path, help="folder of the data set; default: data/small/NAME")
    parser.add_argument(
        "--from",
        dest="source",
        metavar="URL|PATH",
        help="a mirror, or the archive or folder at hand, instead of the original",
    )
    parser.add_argument(
        "--num-processes", type=int, default=1, help="processes that convert (default: 1)"
    )
    args = parser.parse_args(argv)
    if args.num_processes < 1:
        parser.error(f"--num-processes {args.num_processes}: expected at least 1")
    counts = get_original(
        args.name,
        args.to,
        source=args.source,
        options=Options(num_processes=args.num_processes),
        progress=progress_line(args.name),
    )
    converter = CONVERTERS[args.name]
    print(summary(converter, args.to or Path(converter.default_out), counts))
    return 0 if all(count.is_whole for count in counts) else 1


if __name__ == "__main__":
    with user_errors(saved="parts of the file"):
        status = main()
    sys.exit(status)
