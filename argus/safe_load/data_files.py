"""Pickles and YAML of data sets give plain values, wherever OpenMMLab or NumPy opens them."""

import contextlib
import functools
import io
import pickle
import sys
import warnings
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any, BinaryIO

import numpy as np

from argus.errors import DataError
from argus.safe_load.plain import NotPlain, read_plain
from argus.safe_load.reader import OPTION, is_allowed, is_allowed_content

_LIBRARIES = ("mmengine", "mmcv", "mmdet", "mmseg", "mmpose", "mmpretrain", "numpy")
# They read what they wrote themselves: samples in memory, results that processes exchange.
_OF_ITS_OWN = (
    "mmengine.dataset.base_dataset",
    "mmengine.dist.dist",
    "mmdet.evaluation.metrics.base_video_metric",
    "mmdet.utils.dist_utils",
)
_pickle_load = pickle.load  # before anything stands in its place
_trusted: ContextVar[bool] = ContextVar("trusted", default=False)


class NotPlainError(DataError):
    """A pickle of a data set that holds more than plain values."""


def install(is_active: Callable[[], bool]) -> None:
    """Put the reader in the place of the functions of ``pickle``, NumPy and YAML, for good.

    Args:
        is_active: Whether it is to be used; YAML never makes objects.
    """
    of_pickle: dict[str, Callable[..., Any]] = dict(load=pickle.load, loads=pickle.loads)

    # A library may be imported at any time, and looks both up in the module when it calls them.
    def load(file: Any, **options: Any) -> Any:
        if is_active() and _is_guarded(sys._getframe(1)):
            return _read(file, options)
        return of_pickle["load"](file, **options)

    def loads(data: Any, /, **options: Any) -> Any:
        if is_active() and _is_guarded(sys._getframe(1)):
            return _read(io.BytesIO(data), options)
        return of_pickle["loads"](data, **options)

    vars(pickle).update(load=load, loads=loads)
    vars(np)["load"] = _array_reader(np.load, is_active)

    import mmengine.fileio.handlers.yaml_handler as yaml_handler
    import yaml

    vars(yaml_handler)["Loader"] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _is_guarded(caller: Any) -> bool:
    module = str(caller.f_globals.get("__name__"))
    return module.split(".")[0] in _LIBRARIES and module not in _OF_ITS_OWN


def _read(file: BinaryIO, options: dict[str, Any]) -> Any:
    start = file.tell() if file.seekable() else 0
    path = getattr(file, "name", None) if isinstance(file, io.BufferedReader) else None
    what = str(path) if isinstance(path, str) else "a data file"
    if _trusted.get() or is_allowed(path):
        warnings.warn(f"{what} is unpickled, which may run code in it ({OPTION}).", stacklevel=3)
        return _pickle_load(file, **options)
    try:
        return read_plain(file, **options)
    except NotPlain as error:
        if file.seekable():
            file.seek(0)
            if is_allowed_content(file.read()):
                file.seek(start)
                with _trusting():
                    return _read(file, options)
        raise NotPlainError(
            f"{what} is not opened: it is a pickle with {error}. Only numbers, texts, lists, dicts "
            "and arrays of them are read, for unpickling anything else may run code. Write it as "
            f"JSON, or name it after {OPTION} if you trust where it is from."
        ) from error


@contextlib.contextmanager
def _trusting() -> Iterator[None]:
    token = _trusted.set(True)
    try:
        yield
    finally:
        _trusted.reset(token)


def _array_reader(of_numpy: Callable[..., Any], is_active: Callable[[], bool]) -> Any:
    """``numpy.load``, whose own unpickling is replaced."""

    @functools.wraps(of_numpy)
    def load(file: Any, *args: Any, **options: Any) -> Any:
        if is_active() and is_allowed(file):
            with _trusting():
                found = of_numpy(file, *args, **options)
                # An archive reads its arrays late.
                return dict(found) if isinstance(found, np.lib.npyio.NpzFile) else found
        try:
            return of_numpy(file, *args, **options)
        except pickle.UnpicklingError as error:
            if isinstance(error.__cause__, NotPlainError):
                raise error.__cause__ from None
            raise

    return load
