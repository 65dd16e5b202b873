"""Files that are not what their names say, called by what they are, and those that nobody meant.

A clone without its large files, an unfinished download and a phone's pictures are met more often
than damaged bits, and need another remedy.
"""

from pathlib import Path

from argus.errors import DataError

# What a file begins with, and what to call it.
_BEGINNINGS = (
    (
        b"version https://git-lfs.github.com/spec/",
        "a pointer of Git LFS, not the file itself: run `git lfs pull` in its repository",
    ),
    (
        b"/annex/objects/",
        "a pointer of git-annex, not the file itself: run `git annex get` in its repository",
    ),
    (
        b"\x00\x05\x16\x07",
        "what macOS keeps beside a file (AppleDouble, named ._*), not the file itself: delete it",
    ),
    (b"%PDF-", "a PDF: export its pages as PNG"),
)
_HEAD_BYTES = 200
_WEB_PAGES = (b"<!doctype html", b"<html")
# Brands of the ISO base media file format (ISO/IEC 23008-12, Annex B).
_HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")


# What systems, tools and devices leave in folders, in lower case; and all that is hidden.
_CLUTTER = (
    *("__macosx", "thumbs.db", "desktop.ini", "@eadir", "$recycle.bin", "lost+found"),
    *("system volume information", "__pycache__"),
)


def is_clutter(name: str) -> bool:
    """Whether a file or folder is none of the user's data: hidden, or left behind by a system.

    Args:
        name: Without the folders above it.
    """
    return name.startswith(".") or name.lower() in _CLUTTER


def raise_if_foreign(content: bytes, path: str | Path | None = None) -> None:
    """Raise for a file that is one of a few kinds that stand in the place of others.

    Args:
        content: The file's bytes, at least the first 100.
        path: The file, for the message; without it the caller adds it.

    Raises:
        DataError: With the kind and the remedy.
    """
    kind = _kind(content)
    if kind is not None:
        raise DataError(kind if path is None else f"{path}: {kind}")


def foreign_kind(path: str | Path) -> str | None:
    """What a file is that stands in the place of another, and the remedy; ``None`` for others.

    Args:
        path: A file that can be read.
    """
    with open(path, "rb") as file:
        return _kind(file.read(_HEAD_BYTES))


def _kind(content: bytes) -> str | None:
    for beginning, kind in _BEGINNINGS:
        if content.startswith(beginning):
            return kind
    if content[4:8] == b"ftyp" and content[8:12] in _HEIC_BRANDS:
        return "a HEIC picture, which OpenCV does not read: save it as JPEG or PNG"
    if content[:100].lstrip().lower().startswith(_WEB_PAGES):
        return "a web page: the download was answered by a login or an error; download it again"
    return None
