"""``argus COMMAND``: finds the sub-command and runs it.

A sub-command is a module of this package with ``EPILOG`` (its examples), ``add_arguments(parser)``
and ``run(args) -> exit status``. It is imported only when it is called, and imports what is heavy
only when it runs, so that ``--help`` answers at once.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import Any

from argus import __version__
from argus.commands.errors import user_errors

COMMANDS = {
    "predict": "answers and pictures for images, folders and videos",
    "new": "a config that trains a task on pictures and labels of your own",
    "mtv": "which of some names fits an image, or which images fit a text",
    "check": "what is wrong with a config and its data, before a training meets it",
    "train": "train the tasks of a config",
    "test": "benchmark numbers of a checkpoint or a model",
    "merge": "the folder of a model that predicts, of the checkpoints of trainings",
    "info": "what a model, a checkpoint or a config holds",
    "serve": "a page in the browser to try a model on",
    "export": "an ONNX or PyTorch file that runs without Argus",
    "config": "the whole of a config, with its recipes expanded",
    "download": "the weights of a DINOv2 as published",
    "get": "a small public data set, in the layout that configs read",
    "convert": "a public download, in the layout that configs read",
    "calibrate": "loss weights by the norms of the tasks' gradients, as a config",
}
# What an interruption leaves whole.
_SAVED = {
    "train": "checkpoints",
    "download": "parts of the file",
    "get": "parts of the file",
    "convert": "files",
}
# Of a command whose module has another name.
_MODULES = {"config": "show_config"}
EPILOG = """\
a first look at a model:
  argus info MODEL
  argus predict photo.jpg --model MODEL --out answers
  argus serve MODEL

pictures and labels of your own:
  argus new plates data/plates
  argus train plates.py
  argus merge work_dirs/plates/iter_600.pth --out plates_model

MODEL is the folder of a merged model, or a repository on the Hugging Face Hub.
Exit status: 0 done; 1 an error of Argus; 2 a mistake that the message explains; 3 some of the
inputs were left out; 130 interrupted. `argus COMMAND --help` teaches a command.
"""


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line and exit.

    Args:
        argv: Arguments after ``argus``; those of the process by default.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    chosen = next((word for word in arguments if not word.startswith("-")), None)
    parser = _parser(chosen)
    args = parser.parse_args(arguments)
    args.command_line = arguments
    with user_errors(saved=_SAVED.get(args.command, "results")):
        status = _module(args.command).run(args)
    sys.exit(status)


def _module(command: str) -> Any:
    return importlib.import_module(f"argus.commands.{_MODULES.get(command, command)}")


def _parser(chosen: str | None) -> argparse.ArgumentParser:
    """The parser of the whole command line; only the chosen command's arguments are read in."""
    parser = argparse.ArgumentParser(
        prog="argus",
        description="One vision backbone, many tasks.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"argus {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, summary in COMMANDS.items():
        command = commands.add_parser(
            name,
            help=summary,
            description=f"{summary[0].upper()}{summary[1:]}.",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if name == chosen:
            module = _module(name)
            command.epilog = module.EPILOG
            module.add_arguments(command)
    return parser
