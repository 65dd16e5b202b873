"""Progress on stderr while results go to stdout; nothing where stderr is no terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)


@contextmanager
def progress(description: str, total: int | None = None) -> Iterator[Progress]:
    """A bar, or a spinner without ``total``; its only task has the id ``task_ids[0]``.

    Args:
        description: What is going on.
        total: Steps until the end.
    """
    console = Console(stderr=True)
    counted = [BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()] if total else []
    bar = Progress(
        *(SpinnerColumn(), TextColumn("{task.description}"), *counted),
        console=console,
        transient=True,
        disable=not console.is_terminal,
        # Lines on the same terminal go above the bar; a pipe gets its own.
        redirect_stdout=sys.stdout.isatty(),
    )
    bar.add_task(description, total=total)
    with bar:
        yield bar
