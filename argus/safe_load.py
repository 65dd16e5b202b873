"""Weight files are read as tensors: nothing in them is imported or called, whoever loads them.

``torch.load``, with whatever arguments a library calls it, gives the tensors and plain values of a
file, and placeholders for other objects such as the logs that mmengine keeps in its checkpoints. A
file that names what only an attack has a use for is refused. ``--unsafe-pickle FILE`` is the
exception for one file, and warns.
"""

import contextlib
import functools
import io
import os
import pickle
import pickletools
import threading
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from torch import _weights_only_unpickler

from argus.errors import CheckpointError

OPTION = "--unsafe-pickle"
_MAX_PICKLE = 512 * 2**20  # bytes of a file's pickle, beside which its tensors lie
# What no weight file has a use for, even as a placeholder.
_HOSTILE = frozenset(
    "builtins.__import__ builtins.breakpoint builtins.compile builtins.eval builtins.exec"
    " builtins.input builtins.open io.open torch.hub torch.jit.load torch.load".split()
)
_HOSTILE_MODULES = (
    *("asyncio", "code", "codeop", "commands", "ctypes", "ftplib", "http", "importlib", "marshal"),
    *("multiprocessing", "nt", "os", "pickle", "pip", "posix", "pty", "runpy", "shutil", "smtplib"),
    *("socket", "subprocess", "sys", "tempfile", "timeit", "urllib", "webbrowser", "zipimport"),
)

_lock = threading.RLock()
_allowed: set[Path] = set()
_active: list[None] = []
_installed: list[None] = []
_original_load: Callable[..., Any] = torch.load


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
    if _is_allowed(file):
        warnings.warn(f"{file} is unpickled, which may run code in it ({OPTION}).", stacklevel=2)
        return _original_load(file, map_location, weights_only=False, mmap=mmap)
    load = functools.partial(_original_load, file, map_location, weights_only=True, mmap=mmap)
    try:
        return load()
    except pickle.UnpicklingError as error:
        names = global_names(file)
        hostile = sorted(name for name in names if _is_hostile(name))
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


def global_names(file: Any) -> set[str]:
    """Full names of the classes and functions that unpickling a file would import; none is.

    Args:
        file: Path, or an open file.
    """
    names: set[str] = set()
    with _open(file) as stream, contextlib.suppress(Exception):  # after the last pickle: tensors
        names.update(_globals(_pickles(stream)))
    return names


def _globals(stream: BinaryIO) -> Iterator[str]:
    """Names that the pickles at the beginning of a stream would import, in any protocol."""
    while stream.read(1):
        stream.seek(-1, os.SEEK_CUR)
        texts: list[str] = []
        memo: dict[int, str] = {}
        last = ""
        for operation, argument, _ in pickletools.genops(stream):
            code = operation.name
            if code in ("GLOBAL", "INST"):
                yield _python3_name(*str(argument).split(" ", 1))
            elif code == "STACK_GLOBAL":
                yield ".".join(texts[-2:])
            if code == "MEMOIZE":
                memo[len(memo)] = last
            elif code.endswith("PUT"):
                memo[int(str(argument))] = last
            else:
                is_reference = code.endswith("GET")
                last = memo[int(str(argument))] if is_reference else str(argument or "")
                texts.append(last)


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
    if not _active or (weights_only and not _is_allowed(f)):
        options = dict(weights_only=weights_only, mmap=mmap, **pickle_load_args)
        return _original_load(f, map_location, pickle_module, **options)
    return read_tensors(f, map_location, mmap=mmap)


def _load_pickle(original: Callable[..., Any], handler: Any, file: Any, **options: Any) -> Any:
    """In the place of what mmengine reads ``.pkl`` files of data sets by, which have no names."""
    if not _active:
        return original(handler, file, **options)
    data = file.read()
    if any(path.is_file() and path.read_bytes() == data for path in _allowed):
        warnings.warn(f"a data file is unpickled, which may run code ({OPTION}).", stacklevel=2)
        return pickle.loads(data, **options)
    raise CheckpointError(
        "a data file is a pickle, which may run code, so it is not opened: write it as JSON, or "
        f"name it after {OPTION} if you trust where it is from."
    )


def _load_array(original: Callable[..., Any], file: Any, **options: Any) -> Any:
    """``numpy.load``, which unpickles arrays of objects if a library lets it."""
    if not _active or not options.get("allow_pickle") or _is_allowed(file):
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


def _is_allowed(file: Any) -> bool:
    return isinstance(file, (str, os.PathLike)) and Path(file).resolve() in _allowed


def _is_hostile(name: str) -> bool:
    module = name.split(".")[0]
    return name in _HOSTILE or module in _HOSTILE_MODULES or name.startswith("torch.hub.")


def _known_to_torch() -> set[str]:
    return set(_weights_only_unpickler._get_allowed_globals())


def _python3_name(module: str, name: str) -> str:
    """As ``torch.load`` and Python 3 read names that Python 2 wrote."""
    mapped = torch._utils.NAME_MAPPING.get((module, name))
    if mapped is not None:
        return ".".join(mapped)
    return f"{torch._utils.IMPORT_MAPPING.get(module, module)}.{name}"


@contextmanager
def _open(file: Any) -> Iterator[BinaryIO]:
    if hasattr(file, "seek"):
        file.seek(0)
        yield file
        return
    with open(file, "rb") as stream:
        yield stream


def _pickles(stream: BinaryIO) -> BinaryIO:
    """The pickle in torch's archive, or the pickles at the beginning of its older files."""
    try:
        with zipfile.ZipFile(stream) as archive:
            entry = next(i for i in archive.infolist() if i.filename.endswith("data.pkl"))
            if entry.file_size > _MAX_PICKLE:
                return io.BytesIO()
            return io.BytesIO(archive.read(entry))
    except (zipfile.BadZipFile, StopIteration, RuntimeError, NotImplementedError, OSError):
        stream.seek(0)
        return stream


def _refusal(file: Any, names: Sequence[str]) -> CheckpointError:
    what = str(file) if isinstance(file, (str, os.PathLike)) else "a weight file"
    if not names:
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
