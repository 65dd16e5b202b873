"""One training per work dir: a second one would overwrite the checkpoints of the first.

On one machine, and on network file systems that have locks, the operating system tells whether the
holder lives: it gives a lock back when a process ends, whatever ends it. Of a holder on another
machine the lock is taken only if the file has not been touched for :data:`SILENT_S`: a training
touches it every :data:`BEAT_S`, from a thread of its own. So a run that was killed there does not
keep its successor waiting for ever, and a training that lives is not disturbed.
"""

import errno
import fcntl
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from argus.errors import ConfigError

NAME = ".training.lock"
BEAT_S = 20.0
# More than the time for which a network file system may show an old time of the file.
SILENT_S = 180.0
_POLL_S = 2.0
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_held: set[Path] = set()  # a process is not kept out by its own lock


@contextmanager
def work_dir_lock(
    work_dir: str | Path, *, tell: Callable[[str], None] = lambda text: None
) -> Iterator[None]:
    """Hold a work dir for this process; waits if a holder on another machine may have been killed.

    Args:
        work_dir: The folder.
        tell: Is told why the lock is waited for.

    Raises:
        ConfigError: Another training holds it; names its host, process and time.
    """
    path = Path(work_dir).resolve() / NAME
    if path in _held:
        raise ConfigError(_in_use(path, "another training of this process"))
    with path.open("a+", encoding="utf-8") as file:
        is_locked = _lock(file)
        holder = _read(file)
        if is_locked is False:
            raise ConfigError(_in_use(path, _describe(holder)))
        here = holder.get("machine") == _machine()
        ended = here and (is_locked or not _is_alive(holder.get("pid")))
        if holder and not ended:
            _await_silence(path, _describe(holder), tell)
        _held.add(path)
        try:
            _write(file)
            with _beating(path):
                yield
        finally:
            # It is not removed: who has just opened it would lock a file that is gone.
            file.truncate(0)
            _held.discard(path)


def _lock(file: IO[str]) -> bool | None:
    """Whether the lock is ours; ``None`` where the file system has none.

    A record lock: children do not inherit it, so a loader process that outlives a training does not
    keep it.
    """
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL):
            return None
        return False
    return True


def _read(file: IO[str]) -> dict[str, Any]:
    """Who holds the lock, or held it last without giving it back; empty if nobody."""
    file.seek(0)
    text = file.read()
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"pid": None}


def _write(file: IO[str]) -> None:
    file.truncate(0)
    started = time.strftime("%Y-%m-%d %H:%M:%S")
    json.dump(
        dict(host=socket.gethostname(), machine=_machine(), pid=os.getpid(), started=started), file
    )
    file.flush()


def _machine() -> str:
    """A name of the running system: two containers of one machine share it, a reboot changes it."""
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return socket.gethostname()


def _is_alive(pid: Any) -> bool:
    if not isinstance(pid, int) or pid <= 0:
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return True


def _await_silence(path: Path, holder: str, tell: Callable[[str], None]) -> None:
    """Return when the file has not been touched for long enough; refuse when it is touched."""
    touched = path.stat().st_mtime
    wait = SILENT_S - (_time_there(path) - touched)
    if wait > 0:
        tell(
            f"work_dir {path.parent} was held by {holder}, {SILENT_S - wait:.0f} s ago for the "
            f"last time: waiting up to {wait:.0f} s to see whether it lives"
        )
    end = time.monotonic() + wait
    while time.monotonic() < end:
        time.sleep(min(_POLL_S, max(end - time.monotonic(), 0.0)))
        if path.stat().st_mtime != touched:
            raise ConfigError(_in_use(path, holder))
    tell(f"work_dir {path.parent} is taken over from {holder}, which gives no sign of life")


def _time_there(path: Path) -> float:
    """Now, by the clock that dates files in that folder."""
    probe = path.with_name(f"{path.name}.{os.getpid()}.part")
    probe.touch()
    now = probe.stat().st_mtime
    probe.unlink()
    return now


@contextmanager
def _beating(path: Path) -> Iterator[None]:
    """Touch a file every so often, until the block ends."""
    done = threading.Event()

    def beat() -> None:
        while not done.wait(BEAT_S):
            with suppress(OSError):
                os.utime(path)

    thread = threading.Thread(target=beat, name="work dir lock", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _describe(holder: dict[str, Any]) -> str:
    if not holder.get("pid"):
        return "another process"
    return f"process {holder['pid']} on {holder.get('host')} (since {holder.get('started')})"


def _in_use(path: Path, holder: str) -> str:
    return (
        f"work_dir {path.parent} is in use: {holder} trains there. Wait for it, end it, or choose "
        f"another folder by --work-dir. (A training that was killed on another machine counts as "
        f"ended {SILENT_S / 60:.0f} minutes after its last sign of life.)"
    )
