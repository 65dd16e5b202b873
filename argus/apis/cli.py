"""Arguments that training and testing share, and the way from them to a config."""

import argparse
import contextlib
import importlib
import io
import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from argus.errors import ConfigError

if TYPE_CHECKING:
    from mmengine.config import Config


@contextlib.contextmanager
def user_errors() -> Iterator[None]:
    """Show the errors that a user can mend as one message, without a traceback; exit with 2.

    Ctrl-C ends with the shell's 130.
    """
    rank = os.environ.get("RANK", "0")
    prefix = "" if rank == "0" else f"[rank {rank}] "
    try:
        yield
    except ValueError as error:
        if not type(error).__module__.startswith("argus"):
            raise
        print(f"\n{prefix}{type(error).__name__}: {error}", file=sys.stderr)
        raise SystemExit(2) from error
    except KeyboardInterrupt as error:
        if rank == "0":
            print("\ninterrupted; checkpoints that were saved are whole", file=sys.stderr)
        raise SystemExit(130) from error


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what OpenMMLab users expect of every tool."""
    parser.add_argument(
        "--work-dir", help="outputs; default: work_dirs/ and the config's path below configs/"
    )
    parser.add_argument(
        "--amp", action="store_true", help="bfloat16 autocast, whatever CONFIG says"
    )
    parser.add_argument(
        "--cfg-options",
        nargs="+",
        default=[],
        metavar="KEY=VALUE",
        help="change the config, e.g. train_cfg.max_iters=100 tasks.semantic.train.batch_size=4",
    )
    parser.add_argument("--launcher", choices=("none", "pytorch", "slurm", "mpi"), default="none")
    # torch.distributed.launch passes it; torchrun sets LOCAL_RANK instead.
    parser.add_argument("--local_rank", "--local-rank", type=int, help=argparse.SUPPRESS)


def load_config(args: argparse.Namespace) -> "Config":
    """Read the config file of ``args.config`` and apply the common arguments.

    Raises:
        ConfigError: If the file is missing, does not parse, or an option is malformed.
    """
    import_libraries()
    from mmengine.config import Config, ConfigDict, DictAction

    if not Path(args.config).is_file():
        raise ConfigError(f"config file {args.config} does not exist (from {os.getcwd()}).")
    try:
        config = Config.fromfile(args.config)
    except Exception as error:  # noqa: BLE001 - a config is code and may raise anything
        reason = f"{type(error).__name__}: {error}"
        raise ConfigError(f"config file {args.config} cannot be read: {reason}") from error
    changes = {}
    for option in args.cfg_options:
        key, equals, value = option.partition("=")
        if not equals or not key:
            raise ConfigError(f"--cfg-options: expected KEY=VALUE, found {option!r}.")
        changes[key] = DictAction._parse_iterable(value)
    _check_options(config, changes)
    config.merge_from_dict(changes)
    if args.amp:
        config.precision = "bf16"
    config.launcher = args.launcher
    if args.work_dir is not None:
        config.work_dir = args.work_dir
    elif config.get("work_dir") is None:
        config.work_dir = default_work_dir(args.config)
    assert isinstance(config._cfg_dict, ConfigDict)
    return config


def default_work_dir(config: str) -> str:
    """``work_dirs/`` and the path of a config below ``configs/``, or its name elsewhere.

    Configs of one name in two folders do not share outputs.
    """
    parts = Path(config).with_suffix("").parts
    if "configs" in parts[:-1]:
        last = len(parts) - 1 - parts[::-1].index("configs")
        return os.path.join("work_dirs", *parts[last + 1 :])
    return os.path.join("work_dirs", parts[-1])


def _check_options(config: "Config", changes: Mapping[str, Any]) -> None:
    """A path that leads nowhere in the config is a mistake; the last key of a dict may be new."""
    for key in changes:
        node: Any = config._cfg_dict
        parts = key.split(".")
        for depth, part in enumerate(parts, start=1):
            entries = {str(i): v for i, v in enumerate(node)} if isinstance(node, list) else node
            is_last = depth == len(parts)
            if is_last and isinstance(node, dict):
                break
            if part not in entries or not (is_last or isinstance(entries[part], (dict, list))):
                raise ConfigError(
                    f"--cfg-options {key}: there is no {'.'.join(parts[:depth])} in the config; "
                    f"found there: {', '.join(map(str, entries))}."
                )
            node = entries[part]


def import_libraries() -> None:
    """Import the OpenMMLab libraries without what they print about optional services."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for library in ("mmdet", "mmseg", "mmpose", "mmpretrain"):
            for part in ("datasets", "evaluation", "models"):
                importlib.import_module(f"{library}.{part}")
