"""What the OpenMMLab libraries import for what hardly anybody calls, imported at its use.

The start of every process would take half as long again, and 110 MB more, for one detector, a
tracker, a backbone, an augmentation of lanes, some figures and a way to read TIFF. ``import argus``
gives these modules, by their names, objects that import what they stand for when they are used.
What loader processes call is not of this kind: each of them would import it.
"""

import contextlib
import importlib.util
import pkgutil
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from argus.libraries.wrapped_loading import WrappingFinder

_PLOTS = ("matplotlib", "matplotlib.colors", "matplotlib.patches", "matplotlib.pyplot")
LATE = {
    "mmcv.image.io": ("tifffile",),
    "mmdet.datasets.transforms.generate_line": (
        *("imgaug", "imgaug.augmenters", "imgaug.augmentables.lines"),
        "imgaug.augmentables.segmaps",
    ),
    "mmdet.models.dense_heads.paa_head": ("sklearn", "sklearn.mixture"),
    "mmdet.models.task_modules.tracking.interpolation": (
        *("sklearn.gaussian_process", "sklearn.gaussian_process.kernels"),
    ),
    "mmdet.models.dense_heads.clr_head.clr_head": _PLOTS,
    "mmdet.utils.mot_error_visualize": _PLOTS,
    "mmdet.visualization.local_visualizer": _PLOTS,
    "mmpose.visualization.local_visualizer_3d": _PLOTS,
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
    """A module all of whose names are late while another one is executed."""

    is_executed = False

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # what the import itself asks for
            raise AttributeError(name)
        path = f"{self.__name__}.{name}"
        return pkgutil.resolve_name(path) if self.is_executed else Late(path)


@contextlib.contextmanager
def late(module: ModuleType) -> Iterator[None]:
    """Let late modules be found where the real ones are installed and not imported yet."""
    needed = LATE[module.__name__]
    package = needed[0].partition(".")[0]
    is_there = importlib.util.find_spec(package) is not None
    names = [name for name in needed if is_there and name not in sys.modules]
    modules = {name: _LateModule(name) for name in names}
    sys.modules.update(modules)
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]
            modules[name].is_executed = True


def register() -> None:
    """Import them late from now on, once per process; imports nothing."""
    WrappingFinder(LATE, late).register()
