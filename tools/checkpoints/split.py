#!/usr/bin/env python3
"""Take a merged model apart into the checkpoints it was made of: ``split.py MODEL OUT``."""

import argparse
import sys
from pathlib import Path

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from argus.commands.errors import user_errors  # noqa: E402
from argus.libraries.importing import import_libraries  # noqa: E402


def main() -> None:
    """Split and list what was written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="folder of a merged model")
    parser.add_argument("out", type=Path, help="folder for the checkpoints")
    args = parser.parse_args()
    with user_errors():
        import_libraries()
        from argus.model_files.split import split
        from argus.models.backbones.separate_vit import read_model

        for path in split(read_model(args.model), args.out):
            print(path)


if __name__ == "__main__":
    main()
