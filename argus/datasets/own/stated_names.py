"""How label files spell the path of a picture: as it is, or as systems and servers change it.

macOS decomposes letters with accents where others do not, Windows does not tell capitals from small
letters, a web address has percent signs and a query, and Label Studio puts eight digits before the
name of an upload, in which it replaces blanks and drops signs.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from urllib.parse import parse_qs, unquote

_MAX_NAME = 4_000
# Of a random UUID, https://labelstud.io/guide/storage.
_UPLOAD = re.compile(r"[0-9a-f]{8}-(.+)", re.IGNORECASE)
_DROPPED = re.compile(r"[^-\w.]")


class NameIndex:
    """Finds the pictures that a path may mean by its last step.

    Args:
        names: Of all pictures.
        called: What a picture is called without its folders, such as its stem.
    """

    def __init__(self, names: Sequence[str], called: Callable[[str], str]) -> None:
        self._names = names
        self._called = called

    def meant(self, stated: str) -> tuple[tuple[str, ...], Sequence[str]]:
        """The steps of the first spelling of a path by which any picture is called, and these.

        Args:
            stated: As a label file has it.
        """
        for path, is_upload in _spellings(stated):
            steps = _steps(path)
            if not steps or "\0" in path:  # what a percent sign can hide
                continue
            found = self._exact.get(steps[-1]) or self._alike.get(alike(steps[-1]))
            if not found and is_upload:
                found = self._uploads.get(_as_upload(steps[-1]))
            if found:
                return steps, found
        return (), ()

    @cached_property
    def _exact(self) -> Mapping[str, list[str]]:
        return self._by(lambda name: name)

    @cached_property
    def _alike(self) -> Mapping[str, list[str]]:
        return self._by(alike)

    @cached_property
    def _uploads(self) -> Mapping[str, list[str]]:
        return self._by(_as_upload)

    def _by(self, key: Callable[[str], str]) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for name in self._names:
            found[key(self._called(name))].append(name)
        return dict(found)


def alike(name: str) -> str:
    """The same for names that systems do not tell apart: case, and how accents are written."""
    return unicodedata.normalize("NFC", name).casefold()


def _as_upload(name: str) -> str:
    """What is left of a name when it is uploaded to Label Studio; the case aside."""
    return _DROPPED.sub("", alike(name).strip().replace(" ", "_"))


def _spellings(stated: str) -> Iterator[tuple[str, bool]]:
    """A path as it is, then what else may be meant, and whether that is of an upload's name."""
    if not stated or len(stated) > _MAX_NAME or "\0" in stated:
        return
    paths = [stated]
    if "?" in stated or "%" in stated:
        path, _, query = stated.partition("?")
        # Label Studio's local files: /data/local-files/?d=images/1.png
        paths += [*(parse_qs(query).get("d") or ()), unquote(path)]
    yield from ((path, False) for path in paths)
    for path in paths:
        folder, slash, file = path.replace("\\", "/").rpartition("/")
        upload = _UPLOAD.fullmatch(file)
        if upload:
            yield folder + slash + upload.group(1), True


def _steps(stated: str) -> tuple[str, ...]:
    """The steps of a path of any system, without those that lead upwards."""
    steps = stated.replace("\\", "/").split("/")
    return tuple(step for step in steps if step not in ("", ".", "..") and not step.endswith(":"))
