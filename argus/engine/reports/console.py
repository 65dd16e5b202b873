"""What the console shows: what a person needs. Everything else goes to the log file.

The OpenMMLab libraries log every parameter they initialise, dump the config twice and print from
C-style tools; a user of the console reads a dozen lines instead.
"""

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmengine.logging import MMLogger

import argus

_PACKAGE = str(Path(argus.__file__).resolve().parent)


class ConsoleFilter(logging.Filter):
    """Pass errors and what Argus itself logs; a record's ``console`` attribute overrides."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is shown."""
        own = record.pathname.startswith(_PACKAGE) or record.levelno >= logging.ERROR
        return bool(getattr(record, "console", own))


def quiet_console(logger: MMLogger) -> None:
    """Restrict a logger's console output, and send Python's warnings to its file."""
    for handler in logger.handlers:
        if type(handler) is logging.StreamHandler:
            handler.addFilter(ConsoleFilter())
            handler.setFormatter(_ShortFormatter())

    def to_file(
        message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: Any
    ) -> None:
        text = f"{filename}:{lineno}: {category.__name__}: {message}"
        logger.info(text, extra={"console": False})

    warnings.showwarning = to_file  # type: ignore[assignment]


class _ShortFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        prefix = "" if record.levelno < logging.WARNING else f"{record.levelname.lower()}: "
        return f"{self.formatTime(record, '%H:%M:%S')} {prefix}{record.getMessage()}"


class _LogWriter(io.TextIOBase):
    """A stream whose lines become log records that the console does not show."""

    def __init__(self, logger: logging.Logger) -> None:
        self.logger = logger
        self.line = ""

    def write(self, text: str) -> int:
        *lines, self.line = (self.line + text).split("\n")
        for line in lines:
            if line.strip():
                self.logger.info(line, extra={"console": False})
        return len(text)

    def close(self) -> None:
        self.write("\n")  # a last line without its end
        super().close()


@contextlib.contextmanager
def prints_to_log(logger: logging.Logger) -> Iterator[None]:
    """Send what libraries print to the log file; the logger's own console output goes on."""
    with _LogWriter(logger) as writer, contextlib.redirect_stdout(writer):
        yield
