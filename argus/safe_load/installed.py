"""Put the reader where every library looks for one, while models and data sets are built."""

import functools
import pickle
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from argus.errors import CheckpointError
from argus.safe_load.reader import (
    OPTION,
    is_allowed,
    is_allowed_content,
    read_tensors,
    torch_load,
)

_lock = threading.Lock()
_active: list[None] = []
_installed: list[None] = []


@contextmanager
def tensors_only() -> Iterator[None]:
    """Within it, every weight file that this process loads is read as tensors."""
    with _lock:
        _install()
        _active.append(None)
    try:
        yield
    finally:
        with _lock:
            _active.pop()


def _load(
    f: Any,
    map_location: Any = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    **pickle_load_args: Any,
) -> Any:
    """In the place of ``torch.load``, with its arguments."""
    if not _active or (weights_only and not is_allowed(f)):
        options = dict(weights_only=weights_only, mmap=mmap, **pickle_load_args)
        return torch_load(f, map_location, pickle_module, **options)
    return read_tensors(f, map_location, mmap=mmap)


def _load_pickle(original: Callable[..., Any], handler: Any, file: Any, **options: Any) -> Any:
    """In the place of what mmengine reads ``.pkl`` files of data sets by, which have no names."""
    if not _active:
        return original(handler, file, **options)
    data = file.read()
    if is_allowed_content(data):
        warnings.warn(f"a data file is unpickled, which may run code ({OPTION}).", stacklevel=2)
        return pickle.loads(data, **options)
    raise CheckpointError(
        "a data file is a pickle, which may run code, so it is not opened: write it as JSON, or "
        f"name it after {OPTION} if you trust where it is from."
    )


def _load_array(original: Callable[..., Any], file: Any, **options: Any) -> Any:
    """``numpy.load``, which unpickles arrays of objects if a library lets it."""
    if not _active or not options.get("allow_pickle") or is_allowed(file):
        return original(file, **options)
    try:
        return original(file, **{**options, "allow_pickle": False})
    except ValueError as error:
        raise CheckpointError(
            f"{file} is not opened: it is a pickle or holds Python objects, which reading would "
            f"import and may run. Name it after {OPTION} if you trust where it is from."
        ) from error


def _install() -> None:
    """Put the reader where every library looks for one: once, and idle outside the context."""
    if _installed:
        return
    import mmengine.runner.checkpoint as checkpoint
    from mmengine.fileio.handlers import PickleHandler

    for module in (torch, torch.serialization):
        vars(module)["load"] = _load
    of_mmengine = checkpoint._safe_torch_load

    def safe_torch_load(file: Any, map_location: Any = None, weights_only: Any = None) -> Any:
        # It would first admit classes that it knows, and then all.
        if not _active:
            return of_mmengine(file, map_location, weights_only)
        return read_tensors(file, map_location)

    checkpoint._safe_torch_load = safe_torch_load
    of_numpy = np.load

    @functools.wraps(of_numpy)
    def load_array(
        file: Any, mmap_mode: Any = None, allow_pickle: bool = False, *rest: Any, **options: Any
    ) -> Any:
        options |= dict(zip(("fix_imports", "encoding"), rest, strict=False))
        options |= dict(mmap_mode=mmap_mode, allow_pickle=allow_pickle)
        return _load_array(of_numpy, file, **options)

    vars(np)["load"] = load_array
    unpickle = PickleHandler.load_from_fileobj

    def load_from_fileobj(self: Any, file: Any, **options: Any) -> Any:
        return _load_pickle(unpickle, self, file, **options)

    PickleHandler.load_from_fileobj = load_from_fileobj
    _installed.append(None)
