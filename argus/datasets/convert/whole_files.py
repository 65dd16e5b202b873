"""Writing files so that one that exists is whole, whenever the process ends."""

import contextlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from argus.errors import DataError


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Path of a temporary file beside ``path`` that takes its place when the block ends well.

    The name is the same in every run, so that what a killed run left is written over by the next.

    Raises:
        DataError: The file cannot be written, e.g. because the disk is full.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        os.replace(partial, path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise DataError(
            f"cannot write {path}: {error.strerror or error}. Mend that (free some space, or "
            "choose another folder) and run the same command again: it goes on where it stopped."
        ) from error
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file, making its folder."""
    with replacing(path) as partial:
        partial.write_bytes(content)


def write_png(path: Path, pixels: np.ndarray) -> None:
    """Write (H, W) uint8 or uint16, or RGB (H, W, 3) uint8 as PNG."""
    if pixels.ndim == 3:
        pixels = pixels[..., ::-1]
    done, content = cv2.imencode(".png", np.ascontiguousarray(pixels))
    assert done, (path, pixels.shape, pixels.dtype)
    write_bytes(path, content.tobytes())


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file without white space."""
    write_bytes(path, json.dumps(content, separators=(",", ":")).encode("ascii"))


def write_lines(path: Path, lines: list[str]) -> None:
    """Write a text file with one entry per line."""
    write_bytes(path, "".join(f"{line}\n" for line in lines).encode())


def write_chunks(path: Path, chunks: Iterable[bytes], size: int) -> None:
    """Write a file piece by piece.

    Raises:
        DataError: There are not ``size`` bytes, or the file cannot be written.
    """
    free = shutil.disk_usage(_existing(path)).free
    if size > free:
        raise DataError(f"{path}: it needs {size:,} bytes, but the disk has {free:,} free.")
    found = 0
    with replacing(path) as partial, open(partial, "wb") as file:
        for chunk in chunks:
            found += file.write(chunk)
            if found > size:
                break
        if found != size:
            raise DataError(f"{path.name}: found {found:,} bytes, expected {size:,}.")


def read_text(path: Path) -> str:
    """The content of a list.

    Raises:
        DataError: It is no UTF-8 text, or cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: no text ({error}); download it again.") from error


def _existing(path: Path) -> Path:
    """The deepest folder above a file that is there already."""
    return next(folder for folder in path.absolute().parents if folder.is_dir())


def place(path: Path, source: Path) -> None:
    """Bring a file to ``path``: as a hard link on the same disk, else as a copy.

    A link costs no space, and deleting the download leaves it whole.
    """
    if path.exists() and path.samefile(source):
        return
    with replacing(path) as partial:
        partial.unlink(missing_ok=True)
        try:
            os.link(source.resolve(), partial)
        except OSError:  # another disk, or a file system without links
            shutil.copyfile(source, partial)


def is_there(path: Path, size: int | None = None) -> bool:
    """Whether a file exists and has the size, if one is given."""
    try:
        found = path.stat().st_size
    except (OSError, ValueError):  # what cannot be looked at is written, which says why it cannot
        return False
    return size is None or found == size


def list_names(folder: Path, *suffixes: str) -> list[str]:
    """Sorted names of the files of a folder with one of the suffixes, hidden ones left out.

    Empty where the folder does not exist.
    """
    try:
        with os.scandir(folder) as entries:
            return sorted(
                entry.name
                for entry in entries
                if entry.name.lower().endswith(suffixes) and not entry.name.startswith(".")
            )
    except (FileNotFoundError, NotADirectoryError):
        return []
