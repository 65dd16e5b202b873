"""Keep the server of the page from setting up the logging of the whole process.

uvicorn does that with ``logging.config.dictConfig``, which closes every handler there is: a
training in the same process would go on without its log file, and a model that mmengine
initialises would fail, since it writes to that file.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

LOGGERS = ("uvicorn", "uvicorn.access", "uvicorn.asgi", "uvicorn.error")


@contextmanager
def logging_left_alone() -> Iterator[None]:
    """Within, servers that are made set the level of their own loggers and nothing else."""
    import uvicorn

    original = uvicorn.Config.configure_logging
    uvicorn.Config.configure_logging = _only_warnings  # type: ignore
    try:
        yield
    finally:
        uvicorn.Config.configure_logging = original  # type: ignore[method-assign]


def _only_warnings(config: object) -> None:
    """In place of ``uvicorn.Config.configure_logging``; records go where those of others go."""
    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
