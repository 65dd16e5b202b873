"""The record beside a whole side-car, ``NAME.tar.done``, and that of a shard that failed."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from argus.errors import ConfigError, DataError
from argus.files.durable import json_text, replacing
from argus.files.records import read_record

FORMAT = "argus-labels-1"


def done_path(out: Path, name: str) -> Path:
    """The record of a side-car, which is there once the side-car is whole."""
    return out / f"{name}.done"


def failed_path(out: Path, name: str) -> Path:
    """The record of a shard that cannot be labelled; no worker tries again while it is there."""
    return out / f"{name}.failed"


def write_record(path: Path, record: Mapping[str, Any], *, writer: int | None = None) -> None:
    """Write a record in one move; equal records are equal bytes."""
    with replacing(path, writer=writer) as partial:
        partial.write_text(json_text({"format": FORMAT, **record}), encoding="utf-8")


def read_done(out: Path, shard: Path, *, settings: str) -> dict[str, Any] | None:
    """The record of a shard's side-car; ``None`` if there is no whole one.

    Args:
        out: Folder of the side-cars.
        shard: The shard.
        settings: Hash of the settings it would be labelled with.

    Raises:
        ConfigError: It was labelled with other settings.
        DataError: The record cannot be read, or is that of another shard of the name.
    """
    path = done_path(out, shard.name)
    if not path.exists():
        return None
    record = read_record(path, form=FORMAT, what="a labelled shard")
    if record.get("settings") != settings:
        raise ConfigError(
            f"{path}: labelled with the settings {record.get('settings')}, and these are "
            f"{settings}: labels of two kinds would be mixed. Give another folder to --out, or "
            "remove this one."
        )
    if record.get("source_bytes") != shard.stat().st_size:
        raise DataError(
            f"{path}: labels of a shard of {record.get('source_bytes')} bytes, and {shard} has "
            f"{shard.stat().st_size}: another one, or written anew. Remove its side-car and record."
        )
    side_car = out / shard.name
    is_whole = side_car.is_file() and side_car.stat().st_size == record.get("bytes")
    return record if is_whole else None


def read_fault(out: Path, name: str, *, settings: str) -> str | None:
    """Why a shard could not be labelled with some settings; ``None`` if that has not been tried.

    Raises:
        DataError: The record of it cannot be read.
    """
    path = failed_path(out, name)
    if not path.exists():
        return None
    record = read_record(path, form=FORMAT, what="a shard that failed")
    return str(record.get("fault")) if record.get("settings") == settings else None


def verify(out: Path, name: str) -> None:
    """Compare a side-car with the hash in its record.

    Raises:
        DataError: It differs, or one of them cannot be read.
    """
    record = read_record(done_path(out, name), form=FORMAT, what="a labelled shard")
    try:
        found = sha256_of(out / name)
    except OSError as error:
        raise DataError(f"{out / name} cannot be read: {error.strerror or error}.") from error
    if found != record.get("sha256"):
        raise DataError(
            f"{out / name} is not what was written, by its hash. Remove it and its record "
            f"{done_path(out, name).name}, and label the shard again."
        )


def sha256_of(path: Path) -> str:
    """Hash of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
