"""``argus get NAME``: a small public data set, in the layout that ``configs/small`` reads."""

import argparse
from pathlib import Path

from argus.errors import ConfigError

# Those of ``argus.datasets.convert.originals``, which the help does not wait for.
NAMES = ("camvid", "nuclei", "cifar10", "bsds500", "sod", "bccd", "ccp", "magnetic-tile")
EPILOG = """\
examples:
  argus get camvid                         into data/small/camvid, where configs look for it
  argus get bccd --from ~/BCCD_Dataset.zip the archive is at hand already
  argus get sod --to /data/sod             another folder

The original is downloaded, checked and brought into the layout that configs read. A download that
broke off goes on where it stopped. The exit status is 1 if a count differs from the published one.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("name", metavar="NAME", help=", ".join(NAMES))
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


def run(args: argparse.Namespace) -> int:
    """Get the data set and print its counts; 1 if some differ from the published ones, else 0."""
    if args.num_processes < 1:
        raise ConfigError(f"--num-processes {args.num_processes}: expected at least 1.")
    from argus.datasets.convert.all_converters import CONVERTERS
    from argus.datasets.convert.conversion import Options, summary
    from argus.datasets.convert.originals import get_original
    from argus.files.download_progress import progress_line

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
