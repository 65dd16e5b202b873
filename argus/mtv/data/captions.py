"""Captions as files hold them, and which of them can be used."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from argus.errors import DataError

MAX_CHARACTERS = 10_000
"""A text that is longer describes no picture."""
MAX_BYTES = 2**20
KINDS = ("txt", "json")
"""Members of a sample that captions are in; the first that is there counts."""


def captions_in(members: Mapping[str, bytes]) -> list[str]:
    """The captions in the members of a sample.

    ``txt`` is one caption. ``json`` is an object with ``captions``, a list, or ``caption``, one.

    Raises:
        DataError: There are none, or they cannot be read.
    """
    if "txt" in members:
        return [text_of(members["txt"], "txt")]
    if "json" in members:
        content = json_of(members["json"], "json")
        found = content.get("captions", content.get("caption")) if isinstance(content, dict) else 0
        found = [found] if isinstance(found, str) else found
        if isinstance(found, list) and all(isinstance(text, str) for text in found):
            return found
        raise DataError('its json has no captions: expected {"captions": ["...", ...]}')
    raise DataError("it has no caption: expected a member txt, or json with captions")


def usable(captions: Sequence[str]) -> list[str]:
    """The captions without blanks around and without those that are empty.

    Raises:
        DataError: None is left, or one is no caption.
    """
    found = [text for text in (" ".join(caption.split()) for caption in captions) if text]
    if not found:
        raise DataError("its captions are empty" if captions else "it has no caption")
    longest = max(map(len, found))
    if longest > MAX_CHARACTERS:
        raise DataError(
            f"a caption of {longest:,} characters; at most {MAX_CHARACTERS:,} describe a picture"
        )
    return found


_SIDES = re.compile(r"\b(?:left|right)(?:most|ward|wards|hand)?\b", re.IGNORECASE)


def tells_sides(texts: Sequence[str]) -> bool:
    """Whether a text speaks of left or right, and would be wrong of the mirrored picture."""
    return any(_SIDES.search(text) for text in texts)


def text_of(content: bytes, kind: str) -> str:
    """A member that is a text in UTF-8.

    Raises:
        DataError: It is none, or has more than :data:`MAX_BYTES`.
    """
    if len(content) > MAX_BYTES:
        raise DataError(f"its {kind} has {len(content):,} bytes; at most {MAX_BYTES:,} are read")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"its {kind} is no text in UTF-8 ({error.reason})") from error


def json_of(content: bytes, kind: str) -> Any:
    """A member that is JSON.

    Raises:
        DataError: As :func:`text_of`; or it is no JSON.
    """
    try:
        return json.loads(text_of(content, kind))
    except (ValueError, RecursionError) as error:
        raise DataError(f"its {kind} is no JSON ({error})") from error
