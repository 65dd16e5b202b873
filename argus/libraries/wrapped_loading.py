"""Executing modules of other packages, when they are first imported, inside a context of ours."""

import sys
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from importlib.machinery import ModuleSpec
from types import ModuleType


class WrappingFinder:
    """Finds some modules as they are found without it, and wraps their execution.

    Args:
        names: Full names of the modules.
        around: What to execute one in; it is given the module, which is empty before.
    """

    def __init__(
        self,
        names: Collection[str],
        around: Callable[[ModuleType], AbstractContextManager[None]],
    ) -> None:
        self.names = frozenset(names)
        self.around = around

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Answer for its modules alone; see :class:`importlib.abc.MetaPathFinder`."""
        if fullname not in self.names:
            return None
        others = (finder for finder in sys.meta_path if finder is not self)
        found = (finder.find_spec(fullname, path, target) for finder in others)
        spec = next((spec for spec in found if spec is not None), None)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                with self.around(module):
                    execute(module)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec

    def register(self) -> None:
        """Ask it first from now on, once per process; imports nothing."""
        others = (finder for finder in sys.meta_path if isinstance(finder, WrappingFinder))
        if not any(finder.names == self.names for finder in others):
            sys.meta_path.insert(0, self)  # type: ignore[arg-type]
