"""Arguments that training and testing share, and the way from them to a config."""

import argparse
import contextlib
import difflib
import functools
import gc
import importlib
import importlib.util
import inspect
import io
import logging
import os
import sys
import time
import traceback
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from argus.errors import ConfigError, TrainingStopped
from argus.printable import printable
from argus.stop_signals import STOPPED

if TYPE_CHECKING:
    from mmengine.config import Config


_PACKAGE = str(Path(__file__).resolve().parents[1])
_GIVEN = {"runner", "dataloader", "evaluator"}  # arguments of loops that no config sets
_LAUNCHER_SECONDS = 5  # within which a launcher ends the processes that are left
_BUILD = os.path.join("mmengine", "registry", "build_functions.py")
_LAZY = os.path.join("mmengine", "config", "lazy.py")
_TOP = "<module>"  # what a traceback calls the code of a file outside functions


@contextlib.contextmanager
def user_errors(*, saved: str = "checkpoints") -> Iterator[None]:
    """Show the errors that a user can mend as one message, without a traceback; exit with 2.

    Ctrl-C ends with the shell's 130, a training that was asked to stop with :data:`STOPPED`. Other
    errors keep their traceback and end with 1. The process group, if there is one, is left at the
    end.

    Args:
        saved: What the command saves as it goes, for who interrupts it.
    """
    rank = os.environ.get("RANK", "0")
    prefix = "" if rank == "0" else f"[rank {rank}] "
    try:
        yield
    except KeyboardInterrupt as error:
        if rank == "0":
            print(f"\ninterrupted; {saved} that were saved are whole", file=sys.stderr)
        _exit_at_once_in_group(130)
        raise SystemExit(130) from error
    except TrainingStopped as stopped:
        if rank == "0":
            print(f"\n{stopped}", file=sys.stderr)
        _exit_at_once_in_group(STOPPED)
        raise SystemExit(STOPPED) from stopped
    except Exception as error:
        message = _message(error)
        if message is None:
            if _in_process_group():
                _await_the_end(error)
                print(f"\n{prefix}{traceback.format_exc()}", file=sys.stderr)
            _exit_at_once_in_group(1)
            raise
        _leave_it_to_the_first()
        print(f"\n{prefix}{printable(message, lines=True)}", file=sys.stderr)
        _exit_at_once_in_group(2)
        raise SystemExit(2) from error
    _leave_process_group()


def _message(error: Exception) -> str | None:
    """What to tell the user; ``None`` for an error that only its traceback explains."""
    if isinstance(error, ModuleNotFoundError):
        return _missing_package(error)
    if isinstance(error, (ValueError, TypeError)) and _is_users(error):
        kind = type(error).__name__
        name = kind if type(error).__module__.startswith("argus") else "ConfigError"
        return f"{name}: {error}"
    return None


def _missing_package(error: ModuleNotFoundError) -> str | None:
    """A package that is not installed; one that is and lacks a module is another matter."""
    package = (error.name or "").split(".")[0]
    if not package or importlib.util.find_spec(package) is not None:
        return None
    root = Path(_PACKAGE).parent
    activate = root / ".venv" / "bin" / "activate"
    remedy = f"run `make install` in {root}"
    if Path(sys.prefix) == root / ".venv":
        remedy += " again, or install the package there"
    elif activate.is_file():
        remedy = f"run `source {activate}` first"
    else:
        remedy += " and `source .venv/bin/activate` after it"
    return f"the package {package!r} is not installed for {sys.executable}: {remedy}."


def _is_users(error: BaseException) -> bool:
    """Whether Argus raised it, or it is a wrong argument of a part that a config names.

    ``argus.layers`` raises plain ValueErrors; a wrong keyword fails where mmengine's registry calls
    the constructor.
    """
    if type(error).__module__.startswith("argus"):
        return True
    frames = traceback.extract_tb(error.__traceback__)
    file = frames[-1].filename if frames else ""
    if isinstance(error, TypeError):
        return file.endswith(_BUILD) and "unexpected keyword argument" in str(error)
    return file.startswith(_PACKAGE)


def _in_process_group() -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and torch.distributed.is_initialized()


def _leave_process_group() -> None:
    """Wait for the others, then end the group and this process.

    What holds the group or worker processes (DDP, loaders) has to go first; the caller has no
    reference to it any more.
    """
    if _in_process_group():
        import torch.distributed as dist

        from argus.engine.watched_loader import end_loader_processes

        # Collected with its queues, a loader could not tell its processes to end, and would wait
        # five seconds for each.
        end_loader_processes()
        gc.collect()
        dist.barrier()
        dist.destroy_process_group()
        _exit_at_once(0)


def _exit_at_once_in_group(status: int) -> None:
    """End a process of a group after an error: the others may wait in a collective."""
    if _in_process_group():
        _exit_at_once(status)


def _leave_it_to_the_first() -> None:
    """Wait to be ended by the launcher, if this is not the first process of its machine.

    A mistake in a config is met by all of them, and one message is enough: the first one says it.
    Only if that is still at work afterwards, the mistake is of this process alone.
    """
    names = ("LOCAL_RANK", "SLURM_LOCALID", "OMPI_COMM_WORLD_LOCAL_RANK")
    if next((os.environ[name] for name in names if name in os.environ), "0") != "0":
        time.sleep(_LAUNCHER_SECONDS)


def _await_the_end(error: Exception) -> None:
    """Wait to be ended by the launcher if another process has ended and so broke this one's call.

    That process says why itself; this one's traceback would bury its message.
    """
    import torch.distributed as dist

    if isinstance(error, dist.DistBackendError) or "/gloo/" in str(error):
        time.sleep(_LAUNCHER_SECONDS)


def _exit_at_once(status: int) -> None:
    """End the process without the interpreter's tear-down.

    Threads of the group's native code may still run there, and the tear-down aborts on them now and
    then: a run that has finished would be reported as failed. Loader processes would hold the
    console for some seconds.
    """
    from argus.engine.watched_loader import end_loader_processes

    end_loader_processes()
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


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
    parser.add_argument(
        "--cfg-options",
        nargs="+",
        default=[],
        metavar="KEY=VALUE",
        help="change the config, e.g. train_cfg.max_iters=100 tasks.semantic.train.batch_size=4",
    )
    add_unsafe_pickle(parser)
    parser.add_argument("--launcher", choices=("none", "pytorch", "slurm", "mpi"), default="none")
    # torch.distributed.launch passes it; torchrun sets LOCAL_RANK instead.
    parser.add_argument("--local_rank", "--local-rank", type=int, help=argparse.SUPPRESS)


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
    from mmengine.config import ConfigDict, DictAction

    from argus.safe_load import allow_unpickling

    allow_unpickling(getattr(args, "unsafe_pickle", ()))
    changes = {}
    for option in args.cfg_options:
        key, equals, value = option.partition("=")
        if not equals or not key:
            raise ConfigError(f"--cfg-options: expected KEY=VALUE, found {option!r}.")
        # mmengine's parser of lists takes the spaces out of everything, of a path too.
        is_list = any(sign in value for sign in "[](),")
        parse = DictAction._parse_iterable if is_list else DictAction._parse_int_float_bool
        try:
            changes[key] = parse(value.strip("'\""))
        except (AssertionError, ValueError, OverflowError, RecursionError) as error:
            raise ConfigError(
                f"--cfg-options: the value of {option!r} cannot be read: {error}"
            ) from error
    if Path(args.config).is_dir():
        from argus.apis.benchmark import config_of_model
        from argus.model_folder import ModelFolder

        model = ModelFolder.read(args.config)
        trusted = getattr(args, "trust", ())
        config = config_of_model(model, trusted=trusted, given=list(changes))
    elif not Path(args.config).is_file():
        raise ConfigError(f"config file {args.config} does not exist (from {os.getcwd()}).")
    else:
        config = read_config_file(args.config)
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


def read_config_file(path: str) -> "Config":
    """Read a config file as it is.

    Raises:
        ConfigError: If it does not parse, or raises.
    """
    from mmengine.config import Config

    from argus.safe_load import tensors_only

    try:
        # Unformatted text is as readable; yapf takes seconds at every start and checkpoint.
        with tensors_only():
            config = Config.fromfile(path, format_python_code=False)
    except Exception as error:  # noqa: BLE001 - a config is code and may raise anything
        raise ConfigError(f"config file {path} cannot be read: {_reason(error)}") from error
    # What imports and helpers at the top leave there is no setting: it cannot be copied, or is
    # written to the run's config as a name that nobody imports.
    for name in [n for n, value in config._cfg_dict.items() if _is_no_setting(value)]:
        del config._cfg_dict[name]
    return config


def _reason(error: Exception) -> str:
    """What went wrong in a config, and where in it, as far as its traceback tells."""
    text = f"{type(error).__name__}: {error}".removesuffix(": ")
    frames = traceback.extract_tb(error.__traceback__)
    places = [f" ({frame.filename}, line {frame.lineno})" for frame in frames if frame.name == _TOP]
    text += "".join(places[-1:])
    if "Lazy" in str(error) or frames[-1].filename.endswith(_LAZY):
        text += (
            ". What a config imports of packages that are installed is a name there, to be used as "
            "type=...: it is neither called nor computed with. Use Python's own modules for that."
        )
    if "import multiple modules" in str(error):
        text += ": write `import a` and `import b` instead of `import a, b`, in bases too."
    if "'module' object" in str(error):
        text += ". A setting holds a module; give what it is to hold of it."
    return text


def _is_no_setting(value: Any) -> bool:
    if isinstance(value, Mapping) and not isinstance(value, dict):
        return True  # os.environ, whose secrets would be written to the run's config
    return isinstance(value, ModuleType | type) or callable(value)


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
    """A path that leads nowhere in the config is a mistake.

    The last key of a dict may be new if what the dict configures takes it; in a dict of free keys
    (``None`` of :func:`_optional_keys`) if it is not close to one that is there.
    """
    for key in changes:
        node: Any = config._cfg_dict
        parts = key.split(".")
        for depth, part in enumerate(parts, start=1):
            entries = {str(i): v for i, v in enumerate(node)} if isinstance(node, list) else node
            is_last = depth == len(parts)
            if is_last and isinstance(node, dict):
                _check_new_key(key, part, node, _optional_keys(parts[:-1], node))
                break
            if part not in entries or not (is_last or isinstance(entries[part], (dict, list))):
                raise ConfigError(
                    f"--cfg-options {key}: there is no {'.'.join(parts[:depth])} in the config; "
                    f"found there: {', '.join(map(str, entries))}."
                )
            node = entries[part]


def _check_new_key(option: str, key: str, node: Mapping[str, Any], optional: Any) -> None:
    names = sorted({*map(str, node), *(optional or ())})
    if key in names:
        return
    close = difflib.get_close_matches(key, names, n=1, cutoff=0.8)
    if optional is not None or close:
        hint = f"did you mean {close[0]!r}?" if close else f"Known keys: {', '.join(names)}."
        raise ConfigError(f"--cfg-options {option}: unknown key {key!r}. {hint}")


def _optional_keys(path: Sequence[str], node: Mapping[str, Any]) -> set[str] | None:
    """Keys that the dict at ``path`` may have; ``None`` if they are not known."""
    from argus.engine.runner import KEYS
    from argus.engine.train_loop import MultitaskTrainLoop
    from argus.engine.val_loop import MultitaskValLoop
    from argus.tasks import EvalData, Task, TrainData

    match path:
        case []:
            return set(KEYS)
        case ["tasks", _]:
            return set(inspect.signature(Task).parameters) - {"name"}
        case ["tasks", _, "train"]:
            return set(inspect.signature(TrainData).parameters)
        case ["tasks", _, "val" | "test"]:
            return set(inspect.signature(EvalData).parameters)
        case ["train_cfg"]:
            return set(inspect.signature(MultitaskTrainLoop).parameters) - _GIVEN
        case ["val_cfg" | "test_cfg"]:
            return set(inspect.signature(MultitaskValLoop).parameters) - _GIVEN
    kind = node.get("type")
    if not inspect.isclass(kind):
        return None
    parameters = inspect.signature(kind).parameters.values()
    if any(p.kind in (p.VAR_KEYWORD, p.VAR_POSITIONAL) for p in parameters):
        return None
    return {p.name for p in parameters} | {"type"}


@functools.cache
def import_libraries() -> None:
    """Import the OpenMMLab libraries without what they print about optional services.

    The collector of garbage is kept off what stays for good: while it is imported, and afterwards,
    when mmengine asks for a collection with every data set.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for library in ("mmdet", "mmseg", "mmpose", "mmpretrain"):
                for part in ("datasets", "evaluation", "models"):
                    importlib.import_module(f"{library}.{part}")
        gc.freeze()
    finally:
        if was_enabled:
            gc.enable()
