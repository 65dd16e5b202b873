"""How far a long loop is: a bar for a person, a line now and then in a log."""

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import track

T = TypeVar("T")
_LINES = 20


def shown(items: Iterable[T], *, total: int, title: str) -> Iterator[T]:
    """The items, with the progress on the standard error stream.

    Args:
        items: Of the loop.
        total: How many there are; of fewer than 100 nothing is said in a log.
        title: What is going on.
    """
    console = Console(stderr=True)
    if console.is_terminal:
        yield from track(items, title, total=total, console=console, transient=True)
        return
    every = max(total // _LINES, 5)
    for number, item in enumerate(items, start=1):
        yield item
        if number % every == 0 and total >= 100:
            print(f"{title}: {number:,} of {total:,}", file=sys.stderr, flush=True)
