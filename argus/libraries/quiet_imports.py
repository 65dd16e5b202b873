"""What the OpenMMLab libraries print while they are imported, and nobody can do anything about.

The onedl packages look for a service that is not on PyPI, and note, at the level of debugging, that
it is not there; mmengine's ``print_log`` prints a note of any level when no logger is named. mmdet
warns of a package that one of its metrics needs, whoever uses it; our evaluator says so of that
metric. ``import argus`` keeps both quiet, by their names: all else is printed as it was.
"""

import logging
import sys
import warnings
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

_MODULE = "mmengine.logging.logger"
_NOTE = "Could not import OneDL"
_WARNING = "faster_coco_eval is not installed"


class _LogFinder:
    """Finds one module as it is found without, and changes it when it has been loaded."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Answer for the module of ``print_log`` alone."""
        if fullname != _MODULE:
            return None
        sys.meta_path.remove(self)  # type: ignore[arg-type]
        spec = find_spec(fullname)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                execute(module)
                _change(module)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


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
        sys.meta_path.insert(0, _LogFinder())  # type: ignore[arg-type]
        return
    _change(loaded)
    for name in ("mmengine.logging", "mmengine"):  # which have it from there
        if hasattr(sys.modules.get(name), "print_log"):
            sys.modules[name].print_log = loaded.print_log  # type: ignore[attr-defined]
