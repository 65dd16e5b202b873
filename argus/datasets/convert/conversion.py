"""A whole conversion: what is there is not done again, and what comes out is counted.

A hidden folder ``.converted`` in the target holds a lock and, once a conversion has ended, a record
of its source and counts. A second run whose source and counts agree with the record does nothing.
"""

import contextlib
import dataclasses
import hashlib
import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from argus.datasets.convert.published import PUBLISHED, PublishedCount
from argus.datasets.convert.whole_files import write_json
from argus.errors import DataError
from argus.files.lock import hold
from argus.names.wording import counted

STATE_FOLDER = ".converted"


@dataclass(frozen=True)
class Count:
    """A number of files against the published one.

    Args:
        name: What is counted.
        found: How many there are.
        published: How many there should be.
        optional: Whether none at all is right as well.
    """

    name: str
    found: int
    published: int
    optional: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing."""
        return self.found == self.published or (self.optional and self.found == 0)

    def to_text(self) -> str:
        """As a line for a person."""
        if self.found == self.published:
            return f"  ok       {self.name}: {self.found:,}"
        if self.found > self.published:
            return f"  SURPLUS  {self.name}: {self.found:,}, {self.published:,} published"
        mark = "absent " if self.is_whole else "PARTIAL"
        return f"  {mark}  {self.name}: {self.found:,} of {self.published:,} published"


class Names(NamedTuple):
    """The files that a count is of, by name.

    Args:
        what: What is counted, as the published number is named.
        wanted: The names that there should be.
        found: Those that are there.
        noun: What has the names, in the singular.
    """

    what: str
    wanted: Collection[str]
    found: Collection[str]
    noun: str = "file"


@dataclass(frozen=True)
class Options:
    """What a person may choose.

    Args:
        num_processes: Worker processes.
        normal_axes: Axes of the download's normals, or ``None`` to find out; see ``normals.py``.
        allow_partial: Whether a part of the data set is wanted; the target remembers it.
    """

    num_processes: int = 1
    normal_axes: str | None = None
    allow_partial: bool = False


@dataclass(frozen=True)
class Converter:
    """How a public download becomes a layout of ``data/README.md``.

    Args:
        name: On the command line.
        title: What it is.
        default_out: Where the configs look for it.
        help: Files to download, from where, and the licence, for the command line.
        convert: Does the work: source, target and options.
        count: Counts what is in the target, by the names of ``published.toml``.
        excludes: Converters whose target cannot be shared, since file names would collide.
        uses_axes: Whether there are normals in it.
        names: The files of a target that are known by name.
        read: Counts what annotation files of a target hold; of files that are not there nothing.
    """

    name: str
    title: str
    default_out: str
    help: str
    convert: Callable[[Path, Path, Options], None]
    count: Callable[[Path], Mapping[str, int]]
    excludes: tuple[str, ...] = ()
    uses_axes: bool = False
    names: Callable[[Path], Iterable[Names]] = lambda out: ()
    read: Callable[[Path], Mapping[str, int]] = lambda out: {}

    @property
    def published(self) -> dict[str, PublishedCount]:
        """How much its owner published, by what is counted."""
        return PUBLISHED[self.name]

    def counts(self, out: Path) -> list[Count]:
        """The files of a target against the published numbers, in the order of these."""
        found = self.count(out)
        return [
            Count(name, found[name], published.number, published.optional)
            for name, published in self.published.items()
            if not published.read
        ]

    def read_counts(self, out: Path) -> list[Count]:
        """What the annotation files of a target hold against the published numbers.

        Raises:
            DataError: A file cannot be read.
        """
        found = self.read(out)
        return [
            Count(name, found[name], published.number, published.optional)
            for name, published in self.published.items()
            if published.read and name in found
        ]


def run(converter: Converter, source: Path, out: Path, options: Options) -> list[Count]:
    """Convert what is not converted yet, and count.

    Args:
        converter: Which data set.
        source: Downloaded archive, or folder of archives or unpacked files.
        out: Target folder, made where it does not exist.
        options: What a person may choose.

    Returns:
        Counts of what is in the target.

    Raises:
        DataError: The source is missing, damaged or another data set; the target cannot be written
            or is in use.
    """
    if not source.exists():
        raise DataError(
            f"{source} does not exist. Download {converter.title} first:\n{converter.help}"
        )
    if out.exists() and not out.is_dir():
        raise DataError(f"{out} is a file; give the folder to write to.")
    _check_neighbours(converter, out)
    with _lock(out):
        record = out / STATE_FOLDER / f"{converter.name}.json"
        fingerprint = _fingerprint(source, options, out)
        counts = converter.counts(out)
        done = _record(fingerprint, counts, options)
        if _read_record(record) == done:
            print(f"{out} is up to date; nothing to do.")
            return counts
        converter.convert(source, out, options)
        counts = converter.counts(out)
        if not any(count.found for count in counts):
            raise DataError(
                f"{source} holds no file of {converter.title}. Expected:\n{converter.help}"
            )
        write_json(record, _record(fingerprint, counts, options))
    return counts


def converted_here(folder: Path) -> dict[str, bool]:
    """The converters that wrote into a folder, and whether a part was wanted of each."""
    records = {path.stem: _read_record(path) for path in (folder / STATE_FOLDER).glob("*.json")}
    return {name: bool(record.get("partial")) for name, record in records.items() if record}


def summary(converter: Converter, out: Path, counts: list[Count]) -> str:
    """Counts and verdict, as lines for a person."""
    lines = [f"{converter.title} in {out}:", *(count.to_text() for count in counts)]
    wrong = [count for count in counts if not count.is_whole]
    differ = f"{len(wrong)} of {counted(len(counts), 'count')} differ from the published ones"
    if any(count.found < count.published for count in wrong):
        lines.append(
            f"WARNING: only a part of the data set ({differ}). Download what is missing and run "
            "the same command again, or pass --allow-partial."
        )
    elif wrong:
        lines.append(
            f"WARNING: more than was published ({differ}). Move away what does not belong there "
            f"(argus check {converter.name} {out} names files), or pass --allow-partial."
        )
    else:
        lines.append("All counts are the published ones.")
    return "\n".join(lines)


def _check_neighbours(converter: Converter, out: Path) -> None:
    for other in converter.excludes:
        if (out / STATE_FOLDER / f"{other}.json").exists():
            raise DataError(
                f"{out} holds the output of {other!r}, other files under the same names; give "
                f"{converter.name!r} another folder."
            )


@contextlib.contextmanager
def _lock(out: Path) -> Iterator[None]:
    """One conversion at a time in a folder; the system lets go when the process ends."""
    try:
        # A network file system without locks has to do.
        file = hold(out / STATE_FOLDER / "lock", needs_locks=False)
    except BlockingIOError as error:
        raise DataError(f"another conversion into {out} is running; wait for its end.") from error
    except OSError as error:
        raise DataError(f"cannot write below {out}: {error.strerror}.") from error
    with file:
        yield


def _fingerprint(source: Path, options: Options, out: Path) -> str:
    """Names, sizes and times of the source's files, in a few bytes."""
    digest = hashlib.sha1(repr(options.normal_axes).encode())
    for root, folders, files in os.walk(source, followlinks=True):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = os.path.join(root, name)
            if not name.startswith(".") and os.path.exists(path):
                digest.update(f"{path}|{_state(path)}\n".encode(errors="surrogateescape"))
        if os.path.realpath(root) == os.path.realpath(out):
            folders.clear()  # what was converted is counted, not a source
    if source.is_file():
        digest.update(f"{source}|{_state(source)}".encode())
    return digest.hexdigest()


def _state(path: Path | str) -> tuple[int, int]:
    state = os.stat(path)
    return state.st_size, state.st_mtime_ns


def _record(fingerprint: str, counts: list[Count], options: Options) -> dict[str, Any]:
    found = [dataclasses.asdict(count) for count in counts]
    return dict(source=fingerprint, counts=found, partial=options.allow_partial)


def _read_record(path: Path) -> dict[str, Any] | None:
    try:
        record = json.loads(path.read_text())
    except (OSError, ValueError, RecursionError):  # a damaged record is none
        return None
    return record if isinstance(record, dict) else None
