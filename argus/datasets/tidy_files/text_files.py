"""What data sets of all libraries see when they read a text file: a list, names, annotations.

mmengine takes the byte-order mark that editors of Windows write for a part of the first name, a
pointer of Git LFS for a list of three pictures, and a blank line for a picture without a name.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from mmengine.fileio import LocalBackend
from mmengine.fileio.backends.registry_utils import backends

from argus.errors import DataError
from argus.files.foreign import foreign_kind, raise_if_foreign

_MARK = "\ufeff"
_HEAD = 200
_LISTS = (".txt", ".lst", ".list", "")  # suffixes of files with a name in each line


def tidy_text(text: str, path: Any) -> str:
    """A file's text without byte-order mark, and a list's without blank lines.

    Args:
        text: All of it.
        path: The file, for the message.

    Raises:
        DataError: It is another kind of file that stands in the place of this.
    """
    raise_if_foreign(text[:_HEAD].encode(errors="replace"), path)
    text = text.removeprefix(_MARK)
    if os.path.splitext(str(path))[1].lower() in _LISTS:
        text = "".join(line for line in text.splitlines(keepends=True) if line.strip())
    return text


def no_text(path: Any, error: UnicodeDecodeError) -> DataError:
    """The error of a file that is no text, or in another encoding."""
    return DataError(f"{path}: not a text file in UTF-8 (save it as such): {error}")


@contextmanager
def tidy_texts() -> Iterator[None]:
    """Let mmengine's backends read texts as described above, those of remote storage too."""
    texts = {kind: kind.get_text for kind in set(backends.values()) if "get_text" in vars(kind)}
    get, get_local_path = LocalBackend.get, LocalBackend.get_local_path

    def tidy_get(self: Any, filepath: Any) -> bytes:
        content: bytes = get(self, filepath)
        raise_if_foreign(content[:_HEAD], filepath)
        return content

    @contextmanager
    def tidy_get_local_path(self: Any, filepath: Any) -> Iterator[Any]:
        kind = foreign_kind(filepath) if os.path.isfile(filepath) else None
        if kind is not None:
            raise DataError(f"{filepath}: {kind}")
        with get_local_path(self, filepath) as path:
            yield path

    for kind, get_text in texts.items():
        kind.get_text = _tidied(get_text)
    LocalBackend.get, LocalBackend.get_local_path = tidy_get, tidy_get_local_path
    try:
        yield
    finally:
        for kind, get_text in texts.items():
            kind.get_text = get_text
        LocalBackend.get, LocalBackend.get_local_path = get, get_local_path


def _tidied(get_text: Callable[..., str]) -> Callable[..., str]:
    def tidy_get_text(self: Any, filepath: Any, encoding: str = "utf-8") -> str:
        try:
            return tidy_text(get_text(self, filepath, encoding), filepath)
        except UnicodeDecodeError as error:
            raise no_text(filepath, error) from error

    return tidy_get_text
