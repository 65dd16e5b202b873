"""Lets ``import mmcv._ext`` find the module of this folder where no compiled one is installed."""

import importlib
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

NAME = "mmcv._ext"


class OperatorFinder:
    """A finder for one name. It is asked last: a compiled module on the path is found before."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Answer for ``mmcv._ext`` alone; see :class:`importlib.abc.MetaPathFinder`."""
        return ModuleSpec(fullname, self) if fullname == NAME else None  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave the making of the module to Python."""

    def exec_module(self, module: ModuleType) -> None:
        """Fill it; torch is imported now and not before."""
        importlib.import_module("argus.mmcv_ops.extension").fill(module)


def register() -> None:
    """Put the finder behind all others, once per process; imports nothing."""
    if not any(isinstance(finder, OperatorFinder) for finder in sys.meta_path):
        sys.meta_path.append(OperatorFinder())
