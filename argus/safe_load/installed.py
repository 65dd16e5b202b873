"""Put the reader where every library looks for one, while models and data sets are built."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from argus.safe_load import data_files
from argus.safe_load.reader import is_allowed, read_tensors, torch_load

_lock = threading.Lock()
_active: list[None] = []
_installed: list[None] = []


@contextmanager
def tensors_only() -> Iterator[None]:
    """Within it, weight files give tensors alone, and pickles of data sets plain values."""
    if not _installed:  # a process that was forked a moment ago must not wait for the lock
        with _lock:
            _install()
    _active.append(None)
    try:
        yield
    finally:
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


def _install() -> None:
    """Put the reader where every library looks for one: once, and idle outside the context."""
    if _installed:
        return
    import mmengine.runner.checkpoint as checkpoint

    for module in (torch, torch.serialization):
        vars(module)["load"] = _load
    of_mmengine = checkpoint._safe_torch_load

    def safe_torch_load(file: Any, map_location: Any = None, weights_only: Any = None) -> Any:
        # It would first admit classes that it knows, and then all.
        if not _active:
            return of_mmengine(file, map_location, weights_only)
        return read_tensors(file, map_location)

    checkpoint._safe_torch_load = safe_torch_load
    data_files.install(lambda: bool(_active))
    _installed.append(None)
