"""JSON records that a training writes about itself, and reads back.

JSON has no numbers that are not finite: they are written as words, ``"nan"`` and ``"-inf"``, since
other readers refuse, or take for null, what Python would write.
"""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from argus.errors import DataError

_MAX_BYTES = 64 * 2**20


def read_record(path: str | Path, *, form: str, what: str) -> dict[str, Any]:
    """The object in a JSON file.

    Args:
        path: Of the file.
        form: What the record has to say under ``format``.
        what: What it is a record of, for the message.

    Raises:
        DataError: If it cannot be read, or is another kind of file.
    """
    try:
        record = json.loads(_text(Path(path)))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path} cannot be read: {error}.") from error
    if not isinstance(record, dict) or record.get("format") != form:
        raise DataError(f"{path} is no record of {what}: expected an object of format {form!r}.")
    return record


def finite(content: Any) -> Any:
    """A record without numbers that are not finite; see above."""
    if isinstance(content, float) and not math.isfinite(content):
        return repr(content)
    if isinstance(content, Mapping):
        return {key: finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [finite(value) for value in content]
    return content


def number(value: Any) -> float:
    """The number that :func:`finite` wrote.

    Raises:
        ValueError: If it is another thing.
    """
    if isinstance(value, float | int) or value in ("nan", "inf", "-inf"):
        return float(value)
    raise ValueError(f"expected a number, found {value!r}")


def _text(path: Path) -> str:
    size = path.stat().st_size
    if not path.is_file():
        raise OSError("it is no regular file")
    if size > _MAX_BYTES:
        raise OSError(f"it has more than {_MAX_BYTES // 2**20} MiB")
    return path.read_text(encoding="utf-8")
