"""``argus download NAME``: an official DINOv2 file, where configs look for it."""

import argparse
from pathlib import Path

from argus.libraries.importing import import_libraries
from argus.names.printable import printable

EPILOG = """\
examples:
  argus download dinov2_vits14                      into data/weights/, where configs look for it
  argus download dinov2_vitb14_reg4 --from FILE     the file is at hand already
  argus download dinov2_vitl14 --from https://mirror/dinov2_vitl14_pretrain.pth

The file is there once it is whole and holds the tensors of that model. A download that broke off
goes on where it stopped.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "name",
        metavar="NAME",
        help="dinov2_vits14, dinov2_vitb14, dinov2_vitl14 or dinov2_vitg14, also with _reg4",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("data/weights"), help="folder; default: data/weights"
    )
    parser.add_argument(
        "--from",
        dest="source",
        metavar="URL|FILE",
        help="a mirror, or the file at hand, instead of the publisher's address",
    )
    parser.add_argument(
        "--sha256",
        help="hash that the file must have; default: that of the last download, if there was one",
    )


def run(args: argparse.Namespace) -> int:
    """Get the file and say what came."""
    import_libraries()  # without what they print
    from argus.model_files.official_weights import get_official_weights

    report = get_official_weights(args.name, args.out, source=args.source, sha256=args.sha256)
    print(printable("\n".join(report), lines=True))
    return 0
