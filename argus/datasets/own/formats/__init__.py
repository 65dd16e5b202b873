"""One module for each way to write labels: how it is recognised, and how it is read.

Each has a ``FORMAT``. To add one: a module here, and its name in :data:`FORMATS`.
"""

from argus.datasets.own.formats import (
    class_folders,
    coco,
    masks,
)
from argus.datasets.own.formats.format import Clue, Format, Options

FORMATS: dict[str, Format] = {
    module.FORMAT.name: module.FORMAT
    for module in (
        coco,
        masks,
        class_folders,
    )
}

__all__ = ["FORMATS", "Clue", "Format", "Options"]
