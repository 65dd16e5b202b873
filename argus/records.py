"""JSON records that a training writes about itself, read back."""

import json
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


def _text(path: Path) -> str:
    size = path.stat().st_size
    if not path.is_file():
        raise OSError("it is no regular file")
    if size > _MAX_BYTES:
        raise OSError(f"it has more than {_MAX_BYTES // 2**20} MiB")
    return path.read_text(encoding="utf-8")
