#!/usr/bin/env python3
"""Get an official DINOv2 file: ``download.py dinov2_vitb14_reg4``.

It is put into data/weights/, where the configs look for it, once it is whole and holds the tensors
of that model. A download that broke off goes on where it stopped.
"""

import argparse
import sys
from pathlib import Path

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from argus.commands.errors import user_errors  # noqa: E402
from argus.libraries.importing import import_libraries  # noqa: E402
from argus.names.printable import printable  # noqa: E402


def main(arguments: list[str] | None = None) -> None:
    """Get the file and say what came."""
    import_libraries()  # without what they print
    from argus.model_files.official_weights import FOLDER, NAMES, get_official_weights

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("name", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--out", type=Path, default=FOLDER, help=f"folder; default: {FOLDER}")
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
    options = parser.parse_args(arguments)
    report = get_official_weights(
        options.name, options.out, source=options.source, sha256=options.sha256
    )
    print(printable("\n".join(report), lines=True))


if __name__ == "__main__":
    with user_errors(saved="parts of the file"):
        main()
