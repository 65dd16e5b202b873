"""Shards written anew, each whole or not at all and with a record: what tools for shards share."""

import sys
import tarfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from argus.datasets.shards.writer import new_shard
from argus.errors import ConfigError, DataError
from argus.files.durable import json_text, replacing
from argus.files.records import read_record
from argus.names.printable import printable
from argus.names.wording import counted


@dataclass(frozen=True, kw_only=True)
class RecordKind:
    """How the records of one tool are told from others.

    Args:
        suffix: Of the record beside a shard, without the dot.
        form: Format that it states.
        what: What it is a record of, for messages.
    """

    suffix: str
    form: str
    what: str


def rewritten(
    shard: Path,
    out: Path,
    *,
    kind: RecordKind,
    settings: Mapping[str, Any],
    fill: Callable[[tarfile.TarFile], Mapping[str, Any]],
) -> dict[str, Any]:
    """Write a shard of the same name elsewhere, and its record; what is there is left alone.

    Args:
        shard: A tar file of samples.
        out: Folder of the new one; another one than that of the shard.
        kind: Of the record.
        settings: With what it is written, as plain values; others are not mixed with them.
        fill: Adds the samples, and gives what the record says of them.

    Returns:
        The record.

    Raises:
        ConfigError: It would overwrite the shard, or was written with other settings.
        DataError: Of ``fill``; nothing is left behind. Or the record is none.
    """
    if out.resolve() == shard.parent.resolve():
        raise ConfigError(f"--out {out}: the shards lie there; name another folder.")
    path = out / f"{shard.name}.{kind.suffix}"
    if path.exists():
        record = read_record(path, form=kind.form, what=kind.what)
        if record.get("settings") != settings:
            raise ConfigError(
                f"{path}: written with {record.get('settings')}, and these are {settings}. Give "
                "another folder to --out, or remove this one."
            )
        if (out / shard.name).is_file():
            return record
    with replacing(out / shard.name) as unfinished, new_shard(unfinished) as tar:
        found = fill(tar)
    record = dict(format=kind.form, shard=shard.name, settings=settings, **found)
    with replacing(path) as unfinished:
        unfinished.write_text(json_text(record), encoding="utf-8")
    return record


def in_processes(
    shards: Sequence[Path],
    one: Callable[[Path], Mapping[str, Any]],
    told: Callable[[Mapping[str, int]], str],
    *,
    workers: int,
) -> int:
    """Write many shards in some processes, with a line for each and one for all.

    Args:
        shards: The tar files.
        one: Writes one, and gives its record; it goes to other processes.
        told: The numbers of a record, or of all together, in words.
        workers: Processes.

    Returns:
        The exit status, 1 if a shard could not be written.
    """
    total: Counter[str] = Counter()
    faults = 0
    with ProcessPoolExecutor(max(1, workers)) as pool:
        for shard, found in zip(shards, pool.map(partial(_numbers, one), shards), strict=True):
            if isinstance(found, str):
                faults += 1
                print(printable(f"error: {found}"), file=sys.stderr, flush=True)
                continue
            total.update(found)
            print(printable(f"{shard.name}: {told(found)}"), flush=True)
    print(f"{counted(len(shards) - faults, 'shard')}: {told(total)}")
    return int(faults > 0)


def _numbers(one: Callable[[Path], Mapping[str, Any]], shard: Path) -> dict[str, int] | str:
    """The numbers in the record of a shard, or what is wrong with it."""
    try:
        record = one(shard)
    except DataError as error:
        return str(error)
    return {name: value for name, value in record.items() if isinstance(value, int)}
