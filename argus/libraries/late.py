"""What the OpenMMLab libraries import for what hardly anybody calls, imported at its use.

The start of every process would take a quarter longer, and 90 MB, for one detector, a tracker, a
backbone and an augmentation of lanes. ``import argus`` gives these modules, by their names, objects
that import what they stand for when they are used. What loader processes call is not of this kind:
each of them would import it.
"""

import contextlib
import importlib.util
import pkgutil
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from argus.libraries.wrapped_loading import WrappingFinder

LATE = {
    "mmdet.datasets.transforms.generate_line": (
        *("imgaug", "imgaug.augmenters", "imgaug.augmentables.lines"),
        "imgaug.augmentables.segmaps",
    ),
    "mmdet.models.dense_heads.paa_head": ("sklearn", "sklearn.mixture"),
    "mmdet.models.task_modules.tracking.interpolation": (
        *("sklearn.gaussian_process", "sklearn.gaussian_process.kernels"),
    ),
    "mmseg.models.backbones.timm_backbone": ("timm",),
}
"""By the module that imports them, at its top: the modules that it uses in functions alone."""


class Late:
    """Stands for a module, class or function until it is used.

    Args:
        name: Its dotted name.

    Raises:
        ImportError: On its use, if it cannot be imported.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        return getattr(pkgutil.resolve_name(self._name), name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What it stands for does with these arguments."""
        return pkgutil.resolve_name(self._name)(*args, **kwargs)

    def __instancecheck__(self, instance: object) -> bool:
        """Whether something is an instance of the class that it stands for."""
        return isinstance(instance, pkgutil.resolve_name(self._name))


class _LateModule(ModuleType):
    """A module all of whose names are late."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # what the import itself asks for
            raise AttributeError(name)
        return Late(f"{self.__name__}.{name}")


@contextlib.contextmanager
def late(module: ModuleType) -> Iterator[None]:
    """Let late modules be found where the real ones are installed and not imported yet."""
    needed = LATE[module.__name__]
    package = needed[0].partition(".")[0]
    is_there = importlib.util.find_spec(package) is not None
    names = [name for name in needed if is_there and name not in sys.modules]
    sys.modules.update({name: _LateModule(name) for name in names})
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]


def register() -> None:
    """Import them late from now on, once per process; imports nothing."""
    WrappingFinder(LATE, late).register()
