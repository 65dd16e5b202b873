"""The modules of ``xtcocotools`` by their names."""

import importlib
from types import ModuleType

_CONTENTS = {
    "xtcocotools.coco": "argus.coco_evaluation.pose_truth",
    "xtcocotools.cocoeval": "argus.coco_evaluation.pose_precision",
    "xtcocotools.mask": "pycocotools.mask",
}


def fill(module: ModuleType) -> None:
    """Make a module answer for the one of its name."""
    if module.__name__ in _CONTENTS:
        source = vars(importlib.import_module(_CONTENTS[module.__name__]))
        vars(module).update({name: item for name, item in source.items() if name[:2] != "__"})
