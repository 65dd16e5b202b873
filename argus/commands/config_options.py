"""The options that training and testing share, and the way from them to a config."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from argus.errors import ConfigError
from argus.libraries.importing import import_libraries

if TYPE_CHECKING:
    from mmengine.config import Config


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what OpenMMLab users expect of every tool."""
    parser.add_argument(
        "--work-dir", help="outputs; default: work_dirs/ and the config's path below configs/"
    )
    parser.add_argument(
        "--amp",
        action="store_true",
        help="bfloat16 autocast, whatever CONFIG says and however slow it is here",
    )
    add_cfg_options(parser)
    add_unsafe_pickle(parser)
    parser.add_argument("--launcher", choices=("none", "pytorch", "slurm", "mpi"), default="none")
    # torch.distributed.launch passes it; torchrun sets LOCAL_RANK instead.
    parser.add_argument("--local_rank", "--local-rank", type=int, help=argparse.SUPPRESS)


def add_cfg_options(
    parser: argparse.ArgumentParser,
    *,
    example: str = "train_cfg.max_iters=100 tasks.semantic.train.batch_size=4",
) -> None:
    """Add the option that changes the config; given twice, changes add up."""
    parser.add_argument(
        "--cfg-options",
        nargs="+",
        action="extend",
        default=[],
        metavar="KEY=VALUE",
        help=f"change the config, e.g. {example}",
    )


def add_unsafe_pickle(parser: argparse.ArgumentParser) -> None:
    """Add the option that lets one file run code."""
    parser.add_argument(
        "--unsafe-pickle",
        action="append",
        default=[],
        metavar="FILE",
        help="unpickle this weight or data file, which may run code in it; can be repeated",
    )


def load_config(args: argparse.Namespace) -> "Config":
    """Read the config file of ``args.config`` and apply the common arguments.

    Raises:
        ConfigError: If the file is missing, does not parse, or an option is malformed.
    """
    import_libraries()
    from mmengine.config import ConfigDict

    from argus.engine.config_files.options import change_config, parse_options
    from argus.engine.config_files.reading import default_work_dir, read_config_file
    from argus.safe_load import allow_unpickling

    allow_unpickling(getattr(args, "unsafe_pickle", ()))
    changes = parse_options(args.cfg_options)
    if Path(args.config).is_dir():
        from argus.engine.evaluate import config_of_model
        from argus.models.backbones.separate_vit import read_model

        model = read_model(args.config)
        trusted = getattr(args, "trust", ())
        config = change_config(
            config_of_model(model, trusted=trusted, given=list(changes)), changes
        )
    elif not Path(args.config).is_file():
        raise ConfigError(f"config file {args.config} does not exist (from {os.getcwd()}).")
    else:
        config = read_config_file(args.config, changes)
    if args.amp:
        config.precision = "bf16"
    config.launcher = args.launcher
    if args.work_dir is not None:
        config.work_dir = args.work_dir
    elif config.get("work_dir") is None:
        config.work_dir = default_work_dir(args.config)
    assert isinstance(config._cfg_dict, ConfigDict)
    return config
