"""Who labels which shard: files that workers on any number of machines can agree by.

A claim is a file ``.NAME.claim.N`` beside the side-cars, made by whoever finds none. Its holder
touches it as labels come out; one that is no longer touched, or whose process has ended, is taken
over by making that of the next number N. Only one process can make a file, so that there is one
holder at a time, and one that was given up for lost finds out before it writes: no file is ever
taken from under somebody. Times of machines are not compared: a claim is old when who looks at it
has seen no change for a while by his own clock.
"""

import contextlib
import json
import os
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from argus.errors import ConfigError


class ClaimLost(Exception):
    """Others have taken a shard over."""


class Claim:
    """A shard that this process labels.

    Args:
        path: Of the claim's file, without its number.
        number: One more than that of the holder before.
        writer: Number that no other holder has or had.
        heartbeat: Seconds between touches.
    """

    def __init__(self, path: Path, number: int, *, writer: int, heartbeat: float) -> None:
        self.path, self.number, self.writer = path, number, writer
        self._heartbeat = heartbeat
        self._next = time.monotonic() + heartbeat

    def alive(self) -> None:
        """Show that the holder is at work; as often as one likes.

        Raises:
            ClaimLost: There is another holder.
        """
        if time.monotonic() >= self._next:
            self.check()
            self._next = time.monotonic() + self._heartbeat

    def check(self) -> None:
        """Touch the claim.

        Raises:
            ClaimLost: There is another holder.
        """
        if not self.is_held():
            raise ClaimLost(self.path.name)
        with contextlib.suppress(FileNotFoundError):
            os.utime(_numbered(self.path, self.number))

    def is_held(self) -> bool:
        """Whether there is no other holder."""
        own = _owner(_numbered(self.path, self.number))
        is_last = not _numbered(self.path, self.number + 1).exists()
        return is_last and own.get("writer") == self.writer


class Claims:
    """Claims of one folder.

    Args:
        out: The folder; made if it is not there.
        stale: Seconds without a touch after which a claim counts as given up; longer than any
            batch takes.
        clock: Seconds.

    Raises:
        ConfigError: The time is none.
    """

    def __init__(
        self, out: Path, *, stale: float = 600.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        if not stale > 0:
            raise ConfigError(f"stale: expected seconds above 0, found {stale}.")
        self.out, self.stale, self.clock = out, stale, clock
        self._seen: dict[Path, tuple[int, float]] = {}
        out.mkdir(parents=True, exist_ok=True)

    @contextlib.contextmanager
    def take(self, name: str) -> Iterator[Claim | None]:
        """A context with the claim of a shard, or with ``None`` if another process has it.

        Args:
            name: Of the shard's file.
        """
        path = self.out / f".{name}.claim"
        claim = self._take(path, name)
        try:
            yield claim
        finally:
            if claim is not None and claim.is_held():
                # The first one first: who comes now and makes it anew finds what has been done.
                for number in range(1, claim.number + 1):
                    _numbered(path, number).unlink(missing_ok=True)

    def _take(self, path: Path, name: str) -> Claim | None:
        latest = 0
        while _numbered(path, latest + 1).exists():
            latest += 1
        if latest and not self._is_given_up(_numbered(path, latest)):
            return None
        number = latest + 1
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY
        try:
            descriptor = os.open(_numbered(path, number), flags, 0o644)
        except FileExistsError:
            return None
        writer = secrets.randbits(62)
        with os.fdopen(descriptor, "w") as file:
            json.dump(dict(_this_process(), writer=writer), file)
        for earlier in range(1, number):  # what their holders had begun; these fail if they go on
            before = _owner(_numbered(path, earlier)).get("writer")
            for begun in (
                (name, f"{name}.done", f"{name}.failed") if isinstance(before, int) else ()
            ):
                (self.out / f".{begun}.{before}.part").unlink(missing_ok=True)
        return Claim(path, number, writer=writer, heartbeat=self.stale / 10)

    def _is_given_up(self, path: Path) -> bool:
        try:
            changed = path.stat().st_mtime_ns
        except FileNotFoundError:
            return False
        if _has_ended(_owner(path)):
            return True
        before, since = self._seen.get(path, (None, 0.0))
        if before != changed:
            self._seen[path] = (changed, self.clock())
            return False
        return self.clock() - since > self.stale


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")


def _owner(path: Path) -> dict[str, Any]:
    """What a claim says; nothing while it is being written, or where its writer was killed then."""
    try:
        found = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _this_process() -> dict[str, Any]:
    return dict(host=socket.gethostname(), place=_place(), pid=os.getpid(), began=_began("self"))


def _has_ended(owner: dict[str, Any]) -> bool:
    """Whether a process of this machine has ended; of other machines nothing is known."""
    place = _place()
    if place is None or owner.get("place") != place or not isinstance(owner.get("pid"), int):
        return False
    return _began(str(owner["pid"])) != owner.get("began")


def _place() -> str | None:
    """Names the machine since its start, and the processes that this one can see."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return None


def _began(process: str) -> str | None:
    """When a process was started, which tells it from a later one of its number."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]
