"""Read a file of a data set from the disk, or from where ``backend_args`` say, within limits."""

import os
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import mmengine.fileio as fileio
from PIL import UnidentifiedImageError

from argus.errors import DataError
from argus.files.addresses import check_address, explain_status, open_address
from argus.files.pictures import PICTURE_SUFFIXES
from argus.files.regular import MAX_FILE_BYTES, read_regular_file, too_many_bytes
from argus.names.wording import counted

_PIECE_BYTES = 2**20


def read_bytes(path: str | Path, backend_args: dict[str, Any] | None = None) -> bytes:
    """Read a file.

    Args:
        path: The file; an address such as ``s3://...`` chooses the backend by itself.
        backend_args: Options of mmengine's file backend.

    Raises:
        DataError: It does not exist, cannot be read, is no regular file, or has more than
            :data:`~argus.files.regular.MAX_FILE_BYTES`.
    """
    try:
        if backend_args is None and "://" not in str(path):
            return read_regular_file(path)
        backend = _backend(path, backend_args)
        if isinstance(backend, fileio.LocalBackend):
            return read_regular_file(path)
        if isinstance(backend, fileio.HTTPBackend):
            return _download(str(path))
        content = bytes(backend.get(path))
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file{_with_other_suffix(path)}") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    if len(content) > MAX_FILE_BYTES:
        raise too_many_bytes(path)
    return content


def damaged(name: str, content: bytes, error: Exception) -> DataError:
    """The error of a picture that Pillow cannot decode.

    Args:
        name: What it is called in messages.
        content: The file's bytes.
        error: Pillow's.
    """
    size = counted(len(content), "byte")
    if isinstance(error, UnidentifiedImageError):
        return DataError(
            f"corrupt or truncated {name}, or in a format that is not read ({size}, beginning "
            f"with {content[:4]!r})"
        )
    return DataError(f"corrupt or truncated {name} ({size}, {type(error).__name__})")


def _with_other_suffix(path: str | Path) -> str:
    """What to say if the file is there under another suffix, e.g. one in capitals."""
    stem, suffix = os.path.splitext(path)
    others = [written for known in PICTURE_SUFFIXES for written in (known, known.upper())]
    found = [other for other in others if other != suffix and os.path.isfile(stem + other)]
    return f"; there is {os.path.basename(stem + found[0])}" if found else ""


def _backend(path: str | Path, backend_args: dict[str, Any] | None) -> Any:
    try:
        return fileio.get_file_backend(path, backend_args=backend_args)
    except Exception as error:  # noqa: BLE001 - KeyError, ImportError and more
        raise DataError(
            f"{path}: mmengine has no file backend for it, with backend_args {backend_args} "
            f"({type(error).__name__}: {error})"
        ) from error


def _download(address: str) -> bytes:
    """What is at an address, and no more than a file may have; mmengine reads to the end.

    Raises:
        DataError: It is no address of http or https, or is answered by something else than a file.
        OSError: The connection breaks, also in the midst of the file.
    """
    check_address(address)
    pieces, size = [], 0
    try:
        with open_address(address, {"User-Agent": "argus"}) as answer:
            length = answer.headers.get("Content-Length", "")
            if length.isdecimal() and int(length) > MAX_FILE_BYTES:
                raise too_many_bytes(address)
            while piece := answer.read(_PIECE_BYTES):
                pieces.append(piece)
                size += len(piece)
                if size > MAX_FILE_BYTES:
                    raise too_many_bytes(address)
    except HTTPError as error:
        error.close()
        raise DataError(explain_status(address, error)) from error
    except HTTPException as error:
        raise ConnectionError(f"{type(error).__name__}: {error}") from error
    if length.isdecimal() and size < int(length):
        raise ConnectionError(f"{size:,} of {counted(int(length), 'byte')} came")
    return b"".join(pieces)
