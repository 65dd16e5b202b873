"""Fetch one large file over HTTP into a partial one, and go on with it where it broke off.

Bytes are bounded, only ``http`` and ``https`` are followed, and a web page or a pointer in the
place of the file is called by its name. What is fetched is not trusted: the caller checks and
renames it.
"""

import contextlib
import errno
import http.client
import json
import os
import shutil
import urllib.error
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from argus.errors import DataError
from argus.files.addresses import check_address, explain_status, open_address
from argus.files.foreign import raise_if_foreign
from argus.files.lock import hold

Progress = Callable[[int, int | None], None]
"""Is told how many bytes are there, and how many there will be if the server says so."""

_CHUNK = 2**20
_OF_DISKS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG)
_STATE = ".json"  # beside a partial file: of which address and version it is a part


def fetch(
    url: str, partial: Path, *, most_bytes: int, progress: Progress = lambda done, total: None
) -> None:
    """Fetch a file, or the rest of it.

    Args:
        url: Of scheme ``http`` or ``https``.
        partial: File to write. What it holds of the same version of the same file is kept; where
            the server does not say that it is the same, it is fetched from the beginning.
        most_bytes: A larger file is refused.
        progress: Called with every piece.

    Raises:
        DataError: If the address, connection, answer or disk is not as it has to be. What was
            fetched before a connection broke stays in ``partial``; what is not the file does not.
    """
    check_address(url)
    with _locked(partial) as file:
        try:
            for _ in range(2):
                if _fetch(url, file, partial, most_bytes, progress):
                    break
            else:
                raise DataError(f"{url} is answered with parts that were not asked for.")
            file.flush()
        except urllib.error.HTTPError as error:
            error.close()
            raise DataError(explain_status(url, error)) from error
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            raise DataError(_of_failure(url, partial, error)) from error
        finally:
            if file.seek(0, os.SEEK_END) == 0:
                discard(partial)


def discard(partial: Path) -> None:
    """Remove a partial file and what is noted about it."""
    for path in (partial, _state_of(partial)):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            path.unlink()


@contextlib.contextmanager
def _locked(partial: Path) -> Iterator[BinaryIO]:
    """The partial file for this process alone, at its end."""
    try:
        file = hold(partial)
    except BlockingIOError as error:
        raise DataError(
            f"{partial} is being written by another process. Wait for the other download to end."
        ) from error
    except OSError as error:
        raise DataError(f"{partial} cannot be written: {error.strerror}.") from error
    with file:
        yield file


def _fetch(url: str, file: BinaryIO, partial: Path, most_bytes: int, progress: Progress) -> bool:
    """Fetch what is missing; False if what is there is of no use and was emptied."""
    done = file.seek(0, os.SEEK_END)
    headers = {"User-Agent": "argus", "Accept-Encoding": "identity"}
    version = _noted_version(partial, url) if done else None
    if version is not None:
        headers |= {"Range": f"bytes={done}-", "If-Range": version}
    try:
        answer = open_address(url, headers)
    except urllib.error.HTTPError as error:
        if error.code != 416 or version is None:
            raise
        error.close()
        if error.headers.get("Content-Range", "") == f"bytes */{done}":
            return True  # it was whole
        file.truncate(0)
        return False
    with answer:
        if answer.status == 206:
            if not answer.headers.get("Content-Range", "").startswith(f"bytes {done}-"):
                file.truncate(0)
                _state_of(partial).unlink(missing_ok=True)
                return False
        else:
            done = 0
            file.truncate(0)
            _note_version(partial, url, answer.headers)
        _receive(answer, url, file, partial, done=done, most_bytes=most_bytes, progress=progress)
    return True


def _receive(
    answer: Any,
    url: str,
    file: BinaryIO,
    partial: Path,
    *,
    done: int,
    most_bytes: int,
    progress: Progress,
) -> None:
    length = answer.headers.get("Content-Length", "")
    total = done + int(length) if length.isdecimal() else None
    if (total or 0) > most_bytes:
        discard(partial)
        raise DataError(_too_large(url, total, most_bytes))
    free = shutil.disk_usage(partial.parent).free
    if total is not None and total - done > free:
        raise DataError(
            f"{url} needs {total - done:,} bytes more, and {partial.parent} has {free:,} free. "
            "Make room, or give --out with a folder of another disk."
        )
    is_first = done == 0
    while chunk := answer.read(_CHUNK):
        if is_first:
            try:
                raise_if_foreign(chunk)
            except DataError as error:
                discard(partial)
                raise DataError(f"{url} is answered with {error}") from error
        is_first = False
        done += len(chunk)
        if done > most_bytes:
            discard(partial)
            raise DataError(_too_large(url, None, most_bytes))
        file.write(chunk)
        progress(done, total)
    if total is not None and done < total:
        file.flush()
        raise ConnectionError(f"{done:,} of {total:,} bytes came")


def _state_of(partial: Path) -> Path:
    return partial.with_name(partial.name + _STATE)


def _note_version(partial: Path, url: str, headers: Any) -> None:
    """Note what tells this version of the file from another; a weak tag does not."""
    tag = headers.get("ETag", "")
    version = tag if tag.startswith('"') else headers.get("Last-Modified")
    _state_of(partial).write_text(json.dumps(dict(url=url, version=version)), encoding="utf-8")


def _noted_version(partial: Path, url: str) -> str | None:
    try:
        noted = json.loads(_state_of(partial).read_text(encoding="utf-8"))
        version = noted["version"] if noted["url"] == url else None
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return version if isinstance(version, str) and version.isprintable() else None


def _too_large(url: str, total: int | None, most_bytes: int) -> str:
    found = f"{total:,} bytes" if total else "more"
    return f"{url}: expected at most {most_bytes:,} bytes, found {found}: it is another file."


def _of_failure(url: str, partial: Path, error: Exception) -> str:
    if isinstance(error, urllib.error.URLError):
        return f"{urlsplit(url).hostname} cannot be reached ({error.reason}): no connection?"
    if isinstance(error, OSError) and error.errno in _OF_DISKS:
        return f"{partial} cannot be written: {error.strerror}. Make room there."
    return (
        f"The connection to {urlsplit(url).hostname} broke ({error}). The part in {partial} is "
        "kept: run the command again, and it goes on from there."
    )
