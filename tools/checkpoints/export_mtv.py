#!/usr/bin/env python3
"""Write a checkpoint of MTV as a folder: ``export_mtv.py CONFIG CHECKPOINT --out FOLDER``.

The folder is read by ``argus mtv`` and by ``transformers`` (``SiglipModel``, ``AutoProcessor``).
"""

import argparse
import sys
from pathlib import Path

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from argus.commands.config_options import add_cfg_options, load_config  # noqa: E402
from argus.commands.errors import user_errors  # noqa: E402
from argus.errors import ConfigError  # noqa: E402


def main(arguments: list[str] | None = None) -> None:
    """Export, and say what was written."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("config", help="config of the training")
    parser.add_argument("checkpoint", help="its checkpoint, or 'none' for the untrained model")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument(
        "--part",
        choices=("model", "vision", "teacher"),
        default="model",
        help="both encoders with heads and tokenizer (default), the vision tower alone, or the "
        "teacher's",
    )
    parser.add_argument("--tokenizer", help="folder or name on the Hub (default: the config's)")
    add_cfg_options(parser, example="backbone.vision.image_size=72")
    args = parser.parse_args(arguments)
    args.amp, args.launcher, args.work_dir = False, "none", None
    with user_errors(saved="files"):
        config = load_config(args)
        try:
            from argus.mtv.export import export
        except ImportError as error:
            raise ConfigError(
                "MTV needs the extra 'mtv': python -m pip install -r requirements/mtv.txt, or "
                "'argus-multitask[mtv]'."
            ) from error
        checkpoint = None if args.checkpoint == "none" else args.checkpoint
        export(config, checkpoint, args.out, part=args.part, tokenizer=args.tokenizer)
        print(args.out)


if __name__ == "__main__":
    main()
