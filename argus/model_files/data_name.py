"""What the data of a task are called in a model's card."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

# Classes that read a format, whatever lies in it, and those that read one's own folders.
_FORMATS = frozenset(
    "ClassFolders CocoInstances CocoKeypoints CustomDataset BaseSegDataset XMLDataset".split()
)
_OWN = "Own"


def data_name(dataset: Mapping[str, Any]) -> str | None:
    """Name the set of a data set's config: its class, or its folder where a class reads any set.

    ``CocoInstances`` on ``data/coco`` keeps the name of its class, which has that of the folder.

    Args:
        dataset: The config, perhaps of a wrapper around others.

    Returns:
        The name; ``None`` if there is no class.
    """
    if not dataset:
        return None
    inner = dataset.get("dataset") or next(iter(dataset.get("datasets") or ()), None)
    if isinstance(inner, Mapping):
        return data_name(inner)
    kind = dataset["type"]
    name: str = kind if isinstance(kind, str) else kind.__name__
    folder = PurePath(str(dataset.get("data") or dataset.get("data_root") or "")).name
    reads_any = name in _FORMATS or name.startswith(_OWN)
    return folder if reads_any and folder and folder.lower() not in name.lower() else name
