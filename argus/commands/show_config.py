"""``argus config``: the whole of a config, with its recipes expanded, as a config file."""

import argparse

from argus.commands.config_options import add_common_arguments, load_config

EPILOG = """\
examples:
  argus config plates.py                        what the recipes of a config stand for
  argus config plates.py > whole_plates.py      to change it by hand from here on
  argus config plates.py --cfg-options tasks.plates.decoder=segformer

What it prints trains as the config does. Variables that Argus does not read are left out.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("config", metavar="FILE", help="config file, or the folder of a model")
    add_common_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Print it."""
    config = load_config(args)
    from argus.engine.checks.all_settings import KEYS
    from argus.engine.config_files.reading import default_work_dir
    from argus.engine.config_files.text import config_text
    from argus.recipes.base_models import plain

    values = {
        key: plain(config[key])
        for key in ("custom_imports", *KEYS)
        if key in config and key != "launcher"
    }
    if values["work_dir"] == default_work_dir(args.config):
        del values["work_dir"]  # the printed file has one of its own
    print(config_text(values, f"What {args.config} stands for."), end="")
    return 0
