"""Read a weight file: its tensors and plain values, and placeholders for other objects."""

import functools
import os
import pickle
import threading
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import _weights_only_unpickler

from argus.errors import CheckpointError
from argus.files.foreign import foreign_kind
from argus.safe_load.names import global_names, is_hostile

OPTION = "--unsafe-pickle"

_lock = threading.RLock()
_allowed: set[Path] = set()
torch_load: Callable[..., Any] = torch.load  # before anything stands in its place


class Placeholder:
    """Stands for an object of a file that was not made; it keeps what it would have been made of.

    Attributes:
        name: Full name of its class or function.
    """

    name = ""

    def __new__(cls, *arguments: Any) -> "Placeholder":
        """Take any arguments; nothing is called with them."""
        return object.__new__(cls)

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        """Keep the state as it is."""
        self.state = state

    def __repr__(self) -> str:
        """The name alone."""
        return f"<{self.name}, not loaded>"


def allow_unpickling(paths: Sequence[str | Path]) -> None:
    """Unpickle these files, and no others, from now on.

    Raises:
        CheckpointError: If one of them is not there.
    """
    for path in paths:
        if not Path(path).is_file():
            raise CheckpointError(f"{OPTION} {path}: there is no such file (from {Path.cwd()}).")
        _allowed.add(Path(path).resolve())


def read_tensors(file: Any, map_location: Any = "cpu", *, mmap: bool | None = None) -> Any:
    """The content of a file that ``torch.save`` wrote, with placeholders for what is no tensor.

    Args:
        file: Path, or an open file.
        map_location: As for ``torch.load``.
        mmap: As for ``torch.load``.

    Raises:
        CheckpointError: It names what a weight file has no use for, or is no such file.
    """
    if is_allowed(file):
        warnings.warn(f"{file} is unpickled, which may run code in it ({OPTION}).", stacklevel=2)
        return torch_load(file, map_location, weights_only=False, mmap=mmap)
    load = functools.partial(torch_load, file, map_location, weights_only=True, mmap=mmap)
    try:
        return load()
    except pickle.UnpicklingError as error:
        names = global_names(file)
        hostile = sorted(name for name in names if is_hostile(name))
        if hostile or not names:
            raise _refusal(file, hostile) from error
    except (OSError, MemoryError):
        raise
    except Exception as error:  # a damaged file can raise nearly anything in the unpickler
        raise _refusal(file, ()) from error
    placeholders = [(type("Placeholder", (Placeholder,), {"name": n}), n) for n in sorted(names)]
    known: Any = [pair for pair in placeholders if pair[1] not in _known_to_torch()]
    try:
        with _lock, torch.serialization.safe_globals(known):
            if hasattr(file, "seek"):
                file.seek(0)
            return load()
    except pickle.UnpicklingError as error:
        raise _refusal(file, [name for _, name in known]) from error


def is_allowed(file: Any) -> bool:
    """Whether the user lets this file run code."""
    return isinstance(file, (str, os.PathLike)) and Path(file).resolve() in _allowed


def is_allowed_content(data: bytes) -> bool:
    """Whether this is what one of the files holds that the user lets run code."""
    return any(path.is_file() and path.read_bytes() == data for path in _allowed)


def _known_to_torch() -> set[str]:
    return set(_weights_only_unpickler._get_allowed_globals())


def _refusal(file: Any, names: Sequence[str]) -> CheckpointError:
    what = str(file) if isinstance(file, (str, os.PathLike)) else "a weight file"
    if not names:
        kind = foreign_kind(file) if what == str(file) else None
        if kind is not None:
            return CheckpointError(f"{what}: {kind}")
        size = f": found {Path(file).stat().st_size:,} bytes" if what == str(file) else ""
        return CheckpointError(
            f"{what} is no file of tensors, or is truncated or damaged{size}. Download it again."
        )
    listed = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    return CheckpointError(
        f"{what} is not opened: besides tensors it holds {listed[:400]}, which unpickling would "
        "import and may run. Save its tensors alone (a state dict) or as safetensors; if you trust "
        f"where it is from, name it after {OPTION}."
    )
