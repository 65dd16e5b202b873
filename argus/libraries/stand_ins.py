"""Modules that are made where they are not installed, since theirs would need a compiler.

``mmcv._ext`` holds mmcv's compiled operators, and mmpose evaluates with ``xtcocotools``, which is
compiled too. Where they are installed, those are used. Where they are not, ``import`` finds what
``argus.mmcv_ops`` and ``argus.coco_evaluation`` have in their place. ``import argus`` sees to it.
"""

import importlib
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

# By the name that is imported: the module whose ``fill`` makes it.
MAKERS = {
    "mmcv._ext": "argus.mmcv_ops.extension",
    "xtcocotools": "argus.coco_evaluation.xtcocotools",
    "xtcocotools.coco": "argus.coco_evaluation.xtcocotools",
    "xtcocotools.cocoeval": "argus.coco_evaluation.xtcocotools",
    "xtcocotools.mask": "argus.coco_evaluation.xtcocotools",
}


class StandInFinder:
    """A finder for few names. It is asked last: what is installed is found before."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Answer for the names above alone; see :class:`importlib.abc.MetaPathFinder`."""
        if fullname not in MAKERS:
            return None
        is_package = any(name.startswith(f"{fullname}.") for name in MAKERS)
        return ModuleSpec(fullname, self, is_package=is_package)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave the making of the module to Python."""

    def exec_module(self, module: ModuleType) -> None:
        """Fill it; what that needs is imported now and not before."""
        importlib.import_module(MAKERS[module.__name__]).fill(module)


def register() -> None:
    """Put the finder behind all others, once per process; imports nothing."""
    if not any(isinstance(finder, StandInFinder) for finder in sys.meta_path):
        sys.meta_path.append(StandInFinder())
