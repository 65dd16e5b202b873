"""What the OpenMMLab libraries print while they are imported, and nobody can do anything about.

The onedl packages look for a service that is not on PyPI, and note, at the level of debugging, that
it is not there; mmengine's ``print_log`` prints a note of any level when no logger is named. mmdet
warns of a package that one of its metrics needs, whoever uses it; our evaluator says so of that
metric. ``import argus`` keeps both quiet, by their names: all else is printed as it was.
"""

import contextlib
import logging
import sys
import warnings
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from argus.libraries.wrapped_loading import WrappingFinder

_MODULE = "mmengine.logging.logger"
_NOTE = "Could not import OneDL"
_WARNING = "faster_coco_eval is not installed"


@contextlib.contextmanager
def _around(module: ModuleType) -> Iterator[None]:
    yield
    _change(module)


def _change(module: Any) -> None:
    print_log = module.print_log

    def without_note(msg: Any, logger: Any = None, level: int = logging.INFO) -> None:
        if not (logger is None and str(msg).startswith(_NOTE)):
            print_log(msg, logger, level)

    without_note.__doc__ = print_log.__doc__
    module.print_log = without_note


def register() -> None:
    """Keep them quiet from now on, once per process; imports nothing."""
    warnings.filterwarnings("ignore", message=_WARNING, category=UserWarning)
    loaded = sys.modules.get(_MODULE)
    if loaded is None:
        WrappingFinder((_MODULE,), _around).register()
        return
    _change(loaded)
    for name in ("mmengine.logging", "mmengine"):  # which have it from there
        if hasattr(sys.modules.get(name), "print_log"):
            sys.modules[name].print_log = loaded.print_log  # type: ignore[attr-defined]
