"""``argus convert NAME SOURCE``: a public download, in the layout that configs read."""

import argparse
from pathlib import Path

from argus.datasets.convert.published import PUBLISHED
from argus.errors import ConfigError

EPILOG = """\
examples:
  argus convert coco                            what to download, from where, its licence
  argus convert coco ~/downloads/coco           into data/coco, where configs look for it
  argus convert nyuv2-multitask NYUDv2.tar.gz /data/nyuv2 --num-processes 8

SOURCE is the downloaded archive, a folder of archives, or a folder of what they hold. Files are
written one by one and appear whole or not at all: an interrupted run goes on where it stopped, and
a second one does nothing. Nothing is deleted; files that are unpacked already are linked, not
copied, where OUT is on the same disk. The counts are compared with the published ones; the exit
status is 1 if some differ, and 2 if nothing could be converted.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("name", metavar="NAME", help=", ".join(PUBLISHED))
    parser.add_argument(
        "source",
        metavar="SOURCE",
        type=Path,
        nargs="?",
        help="archive, or folder of archives or files; without it, what to download is told",
    )
    parser.add_argument(
        "out", metavar="OUT", type=Path, nargs="?", help="folder; default: where configs look"
    )
    parser.add_argument(
        "--num-processes", type=int, default=1, help="processes that convert (default: 1)"
    )
    parser.add_argument(
        "--allow-partial",
        action="store_true",
        help="exit with 0 also where counts differ from the published ones, and remember it",
    )
    parser.add_argument(
        "--normal-axes",
        metavar="AXES",
        help="where normals are stored: axis of each channel, of x (right), y (up), z (towards the "
        "viewer), e.g. x,-y,-z; default: found from floors and walls",
    )


def run(args: argparse.Namespace) -> int:
    """Convert and print the counts; 1 if some differ from the published ones, else 0."""
    if args.name not in PUBLISHED:
        raise ConfigError(f"expected one of {', '.join(PUBLISHED)}, found {args.name!r}.")
    if args.num_processes < 1:
        raise ConfigError(f"--num-processes {args.num_processes}: expected at least 1.")
    from argus.datasets.convert.all_converters import CONVERTERS
    from argus.datasets.convert.conversion import Options, run, summary
    from argus.datasets.convert.normals import parse_axes

    converter = CONVERTERS[args.name]
    if args.normal_axes is not None:
        if not converter.uses_axes:
            raise ConfigError(f"--normal-axes: {converter.title} has no normals; leave it out.")
        parse_axes(args.normal_axes)
    out = args.out or Path(converter.default_out)
    if args.source is None:
        print(f"{converter.title}. Download first:\n{converter.help}")
        print(f"Then: argus convert {args.name} SOURCE {out}")
        return 0
    options = Options(
        num_processes=args.num_processes,
        normal_axes=args.normal_axes,
        allow_partial=args.allow_partial,
    )
    counts = run(converter, args.source, out, options)
    print(summary(converter, out, counts))
    is_whole = all(count.is_whole for count in counts)
    return 0 if is_whole or args.allow_partial else 1
