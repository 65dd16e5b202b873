"""Runs a long command with a short line on the console every few seconds and all of it in a log."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path
from typing import IO

from tools.install.checks import InstallError

LINE_INTERVAL_S = 5.0  # on a terminal the line is rewritten in place, so it may change faster
TERMINAL_INTERVAL_S = 0.5
KEPT_LINES = 400  # enough to hold a compiler's error and the lines around it

_COMPILED = re.compile(r"^\s*\[(\d+)/(\d+)\] ")
# What uv does at the same time as other things, and says has ended.
_RUNS = (
    (re.compile(r"^\s*Downloading (\S+)"), "downloading {}"),
    (re.compile(r"^\s*Building (\S+)$"), "building {}"),
)
_ENDS = re.compile(r"^\s*(?:Downloaded|Built) (\S+)$")
# What begins when all before it has ended: pip, which downloads as uv does, does not say so.
_FOLLOWS = (
    (re.compile(r"^\s*Building wheel for (\S+) \(.*(?:started|pyproject\.toml\)$)"), "building {}"),
    (re.compile(r"^\s*Running command Building wheel for (\S+)"), "building {}"),
    (re.compile(r"^\s*(Prepared|Installing collected packages)"), "unpacking the packages"),
)


class Activity:
    """What a running uv or pip is doing, read from its output.

    Attributes:
        lines: The last lines of the output.
    """

    def __init__(self) -> None:
        self.lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._running: dict[str, str] = {}
        self._what = "starting"
        self._how_far = ""

    def read(self, line: str) -> None:
        """Takes one line of output in."""
        self.lines.append(line)
        compiled = _COMPILED.match(line)
        if compiled:
            self._how_far = f", file {compiled[1]} of {compiled[2]}"
            return
        ended = _ENDS.match(line)
        if ended:
            self._running.pop(ended[1], None)
        for pattern, words in _RUNS:
            if found := pattern.match(line):
                self._running[found[1]] = self._begin(words, found[1])
                return
        for pattern, words in _FOLLOWS:
            if found := pattern.match(line):
                self._running.clear()
                self._begin(words, found[1])
                return

    def _begin(self, words: str, what: str) -> str:
        self._what, self._how_far = words.format(what.rsplit("/", 1)[-1]), ""
        return self._what

    def __str__(self) -> str:
        if not self._running:
            return self._what + self._how_far
        oldest, *others = self._running.values()
        return oldest + self._how_far + (f" and {len(others)} more" if others else "")


class Console:
    """One status line: rewritten in place on a terminal, printed every few seconds elsewhere."""

    def __init__(self, stream: IO[str] = sys.stdout) -> None:
        self._stream = stream
        self._in_place = stream.isatty()
        self.interval_s = TERMINAL_INTERVAL_S if self._in_place else LINE_INTERVAL_S

    def say(self, text: str) -> None:
        """Prints a line that stays."""
        erase = "\r\x1b[K" if self._in_place else ""
        print(f"{erase}{text}", file=self._stream, flush=True)

    def update(self, text: str) -> None:
        """Prints a line that the next one may replace."""
        if self._in_place:
            width = shutil.get_terminal_size().columns - 1
            print(f"\r\x1b[K{text[:width]}", end="", file=self._stream, flush=True)
        else:
            print(text, file=self._stream, flush=True)


def clock(seconds: float) -> str:
    """Seconds as minutes and seconds, e.g. ``8:05``."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def run_logged(
    command: list[str],
    *,
    label: str,
    log: Path,
    environment: dict[str, str],
    console: Console,
    folder: Path | None = None,
    held_files: tuple[int, ...] = (),
) -> None:
    """Runs a command to its end, showing what it does.

    Args:
        command: Program and arguments.
        label: What the status lines start with.
        log: File the whole output is appended to.
        environment: The command's environment variables.
        console: Where the status lines go.
        folder: Working folder of the command; that of this process by default.
        held_files: File descriptors the command keeps open: a lock outlives a killed parent so.

    Raises:
        InstallError: If the command fails; the message explains it as far as the output tells.
    """
    activity = Activity()
    start = time.monotonic()
    with log.open("a", encoding="utf-8") as log_file:
        log_file.write(f"\n$ {' '.join(command)}\n")
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=environment,
            cwd=folder,
            pass_fds=held_files,
        )

        def read_output() -> None:
            assert process.stdout is not None
            for line in process.stdout:
                activity.read(line.rstrip())
                log_file.write(line)
                log_file.flush()

        reader = threading.Thread(target=read_output, daemon=True)
        reader.start()
        try:
            while True:
                reader.join(timeout=console.interval_s)
                if not reader.is_alive():
                    break
                elapsed = clock(time.monotonic() - start)
                console.update(f"{label}: {activity} ({elapsed}; log: {_shorten(log)})")
            code = process.wait()
        except BaseException:
            process.terminate()
            process.wait()
            raise
    if code != 0:
        raise InstallError(explain(list(activity.lines), label, code, log))


def _shorten(path: Path) -> str:
    return os.path.relpath(path)


_EXPLANATIONS = (
    (
        r"Failed to fetch: \S+whl/cpu/torch|(?:no version of|because) torch\S*\+cpu",
        "DEVICE=cpu wants PyTorch without CUDA, and the registry {registry} does not offer it, or "
        "is out of reach: name one that has it in TORCH_INDEX, or give DEVICE=cuda, since PyTorch "
        "with CUDA runs on a machine without a GPU too",
    ),
    (
        r"No space left on device",
        "The disk ran full; make room and run the same command again",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError|invalid peer certificate",
        "The package registry {registry} showed a certificate that is not trusted; set PIP_CERT to "
        "your network's certificate bundle, and run the same command again",
    ),
    (
        r"NewConnectionError|Failed to establish a new connection|Name or service not known"
        r"|Temporary failure in name resolution|ConnectTimeout|Connection refused|ProxyError"
        r"|Network is unreachable|Read timed out|ReadTimeoutError|RemoteDisconnected"
        r"|error sending request|operation timed out|dns error",
        "The package registry {registry} is out of reach; check the network, the proxy "
        "(HTTPS_PROXY) or PIP_INDEX_URL, and run the same command again",
    ),
    (
        r"Killed signal terminated program|fatal error: Killed|internal compiler error: Killed",
        "The compiler ran out of memory; run the same command with MAX_JOBS=1 in front",
    ),
    (
        r"Python\.h: No such file",
        "Python's headers are missing; install them (on Debian or Ubuntu: sudo apt install "
        "python3-dev) and run the same command again",
    ),
    (
        r"No matching distribution found for|Could not find a version that satisfies"
        r"|No solution found when resolving",
        "The package registry {registry} does not offer a version that this Python and the list in "
        "requirements/ agree on",
    ),
)
_COMPILER_ERROR = re.compile(r":\d+: (?:fatal )?error: ")
_TELLING = re.compile(r"\berror\b|\bfatal\b|exception|no matching|could not", re.IGNORECASE)


def explain(lines: list[str], label: str, code: int, log: Path) -> str:
    """One sentence on why a command failed, the lines that show it, and where the log is.

    Args:
        lines: The end of the command's output.
        label: What the command was for.
        code: Its exit status.
        log: File with the whole output.
    """
    text = "\n".join(lines)
    built = re.search(r"Failed (?:building wheel for|to build) `?([^\s`]+)", text)
    what = f"{built[1]} could not be built" if built else f"it ended with exit status {code}"
    sentence = f"{label} failed: {what}"
    for pattern, words in _EXPLANATIONS:
        if re.search(pattern, text, re.MULTILINE):
            sentence = words.format(registry=registry_address(lines))
            break
    compiler = [line for line in lines if _COMPILER_ERROR.search(line)]
    telling = compiler[:4] or [line for line in lines if _TELLING.search(line)][-4:] or lines[-4:]
    shown = "\n".join(f"    {line.strip()}" for line in telling)
    return f"{sentence}. The whole output is in {_shorten(log)}; its telling lines:\n{shown}"


def registry_address(lines: list[str]) -> str:
    """The registry that was looked at, without a password that its address may hold."""
    address = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple")
    for line in lines:
        found = re.match(r"Looking in indexes: ([^,\s]+)", line) or re.search(
            r"Failed to fetch: `?(\S+?)/[\w.-]+/?`?$", line
        )
        if found:
            address = found[1]
            break
    return re.sub(r"//[^/@]*@", "//", address)
