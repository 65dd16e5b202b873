"""Errors of logs: a full disk, or a server that is gone, ends no training because of them.

TensorBoard writes in a thread of its own, whose error comes up in a later call; from then on its
file stays as it is. The other logs go on when there is room again.
"""

import functools
import logging
import sys
import threading
from collections.abc import Callable
from typing import Any

from mmengine.visualization import Visualizer

_METHODS = ("add_config", "add_graph", "add_image", "add_scalar", "add_scalars", "close")
_WRITER = "_AsyncWriterThread"
_REMEDY = "; make room on the disk before the next checkpoint"


def tolerate_log_errors(visualizer: Visualizer, logger: logging.Logger) -> None:
    """Have every backend of a visualizer go on after an error of the disk.

    The first error of each is told by a warning. What could not be written is missing there.

    Args:
        visualizer: Its backends are changed in place.
        logger: For the warnings.
    """
    for name, backend in visualizer._vis_backends.items():
        warn = _Warning(logger, name)
        for method in _METHODS:
            if hasattr(backend, method):
                setattr(backend, method, _tolerant(getattr(backend, method), warn))
    threading.excepthook = _without_writers


def tolerate_file_errors(logger: logging.Logger) -> None:
    """Have the log file go on after an error of the disk, likewise.

    Args:
        logger: Its file handlers are changed in place.
    """
    for handler in logger.handlers:
        if isinstance(handler, logging.FileHandler):
            _quieten(handler, logger)


class _Warning:
    """One warning about a log, however often it fails."""

    def __init__(self, logger: logging.Logger, name: str) -> None:
        self.logger = logger
        self.name = name
        self.is_told = False

    def __call__(self, error: object) -> None:
        if self.is_told:
            return
        self.is_told = True
        self.logger.warning(
            f"{self.name} cannot write any more ({error}): it has gaps, or ends here. The training "
            f"goes on{_REMEDY if getattr(error, 'errno', None) else ''}."
        )


def _tolerant(method: Callable[..., Any], warn: _Warning) -> Callable[..., Any]:
    @functools.wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return method(*args, **kwargs)
        except OSError as error:
            warn(error)
            return None

    return call


def _quieten(handler: logging.FileHandler, logger: logging.Logger) -> None:
    """Warn instead of the traceback that Python prints for every line it cannot write."""
    warn = _Warning(logger, f"the log file {handler.baseFilename}")
    print_traceback = handler.handleError

    def handle(record: logging.LogRecord) -> None:
        error = sys.exc_info()[1]
        if isinstance(error, OSError):
            warn(error)
        else:
            print_traceback(record)

    handler.handleError = handle  # type: ignore[method-assign]


def _without_writers(arguments: Any) -> None:
    """Python's hook for threads, without the traceback of a writer whose error is told above."""
    is_writer = type(arguments.thread).__name__ == _WRITER
    if not (is_writer and isinstance(arguments.exc_value, OSError)):
        threading.__excepthook__(arguments)
