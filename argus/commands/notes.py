"""Warnings of Argus as a line for the user; those of the libraries mean nothing to one."""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import argus
from argus.names.printable import printable

_PACKAGE = str(Path(argus.__file__).resolve().parent)


@contextmanager
def warnings_as_notes() -> Iterator[None]:
    """Show every warning that Argus gives once, on stderr, without the line of code."""
    shown: set[str] = set()

    def show(message: Warning | str, category: type[Warning], file: str, *_: Any) -> None:
        text = str(message)
        if file.startswith(_PACKAGE) and text not in shown:
            shown.add(text)
            print(f"note: {printable(text, lines=True)}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.showwarning = show  # type: ignore[assignment]
        yield
