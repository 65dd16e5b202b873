"""What a pickle would import, found out without importing anything."""

import contextlib
import io
import os
import pickletools
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import torch

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


def is_hostile(name: str) -> bool:
    """Whether a weight file has no use for a name, even as a placeholder."""
    module = name.split(".")[0]
    return name in _HOSTILE or module in _HOSTILE_MODULES or name.startswith("torch.hub.")


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
