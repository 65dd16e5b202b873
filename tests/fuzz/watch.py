"""A watch over what a process does: files outside a folder, processes, connections."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Never, whatever the arguments.
_ACTIONS = (
    *("os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.kill", "subprocess."),
    *("socket.connect", "socket.bind", "socket.getaddrinfo", "urllib.", "ftplib.", "http."),
    *("smtplib.", "webbrowser.", "pty."),
)
# Inside the folder only; the first argument is the path.
_CHANGES = (
    *("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.chmod", "os.chown", "os.truncate"),
    *("os.link", "os.symlink", "os.utime", "shutil.rmtree", "shutil.move"),
)


@contextlib.contextmanager
def watching(folder: Path) -> Iterator[list[str]]:
    """Collect what is not allowed, in words.

    An audit hook cannot be taken away: this is for a process that ends soon.

    Args:
        folder: Where files may be written.
    """
    seen: list[str] = []
    on = True
    inside = (os.path.realpath(folder), os.devnull)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if not on:
            return
        if event.startswith(_ACTIONS):
            seen.append(f"{event} {arguments!r:.200}")
        elif event in _CHANGES or event == "open" and _is_write(*arguments[1:]):
            path = arguments[0]
            if isinstance(path, int):
                return
            # A file is made in the folder that holds it; its own name may be a dangling link.
            real = os.path.realpath(os.fsdecode(path))
            if not real.startswith(inside):
                seen.append(f"{event} {real!r:.200}")

    sys.addaudithook(hook)
    try:
        yield seen
    finally:
        on = False


def _is_write(mode: str | None, flags: int) -> bool:
    if isinstance(mode, str):
        return bool(set(mode) & set("wax+"))
    return bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
