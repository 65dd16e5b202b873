"""Bring a public download into the layout of data/README.md, and check its counts.

    python tools/data/convert.py coco ~/downloads/coco data/coco
    python tools/data/convert.py nyuv2-multitask NYUDv2.tar.gz --num-processes 8
    python tools/data/convert.py ade20k --help      what to download, from where, its licence

SOURCE is the downloaded archive, a folder of archives, or a folder of what they hold. Files are
written one by one and appear whole or not at all: an interrupted run goes on where it stopped, and
a second one does nothing. Nothing is deleted; files that are unpacked already are linked, not
copied, where OUT is on the same disk. The counts are compared with the published ones; the exit
status is 1 if some differ, and 2 if nothing could be converted.
"""

import argparse
import sys
from pathlib import Path

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from argus.commands.errors import user_errors  # noqa: E402
from argus.datasets.convert.all_converters import CONVERTERS  # noqa: E402
from argus.datasets.convert.conversion import Options, run, summary  # noqa: E402
from argus.datasets.convert.normals import parse_axes  # noqa: E402


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="name", required=True, metavar="DATA")
    for name, converter in CONVERTERS.items():
        command = commands.add_parser(
            name,
            help=converter.title,
            description=f"{converter.title}. Download first:\n{converter.help}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_argument("source", type=Path, help="archive, or folder of archives or files")
        command.add_argument(
            "out",
            type=Path,
            nargs="?",
            default=converter.default_out,
            help=f"folder to write to (default: {converter.default_out})",
        )
        command.add_argument(
            "--num-processes", type=int, default=1, help="processes that convert (default: 1)"
        )
        command.add_argument(
            "--allow-partial",
            action="store_true",
            help="exit with 0 also where counts differ from the published ones, and remember it",
        )
        command.set_defaults(normal_axes=None)
        if converter.uses_axes:
            command.add_argument(
                "--normal-axes",
                help="axis of each channel of the stored normals, of x (right), y (up), z (towards "
                "the viewer), e.g. x,-y,-z; default: found from floors and walls",
            )
    args = parser.parse_args(argv)
    if args.num_processes < 1:
        parser.error(f"--num-processes {args.num_processes}: expected at least 1")
    if args.normal_axes is not None:
        parse_axes(args.normal_axes)
    return args


def main(argv: list[str] | None = None) -> int:
    """Convert and print the counts; 1 if some differ from the published ones, else 0."""
    args = parse_args(argv)
    converter = CONVERTERS[args.name]
    options = Options(
        num_processes=args.num_processes,
        normal_axes=args.normal_axes,
        allow_partial=args.allow_partial,
    )
    out = Path(args.out)
    counts = run(converter, args.source, out, options)
    print(summary(converter, out, counts))
    is_whole = all(count.is_whole for count in counts)
    return 0 if is_whole or args.allow_partial else 1


if __name__ == "__main__":
    with user_errors(saved="files"):
        status = main()
    sys.exit(status)
