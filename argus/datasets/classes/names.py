"""What the labels of a built data set mean."""

from collections.abc import Mapping
from typing import Any

from argus.names.classes import ClassNames


def class_names_of(dataset: Any, *, where: str) -> ClassNames | None:
    """Names of the classes by label, or of the keypoints; ``None`` if a data set does not say.

    Args:
        dataset: A built data set with ``metainfo``.
        where: Its place in the config, for messages.
    """
    meta: Mapping[str, Any] = dataset.metainfo
    names = meta.get("keypoint_id2name")
    if isinstance(names, Mapping):
        keypoints = tuple(str(names[index]) for index in range(len(names)))
        return ClassNames(names=keypoints, source=where, are_keypoints=True)
    # A file that writes names in its own way has them in metainfo, where metrics look for them.
    classes = getattr(dataset, "stated_classes", None) or meta.get("classes")
    if not isinstance(classes, (list, tuple)) or not classes:
        return None
    return ClassNames(names=tuple(map(str, classes)), source=where + _origin(dataset))


def _origin(dataset: Any) -> str:
    """The annotation file, or else the folder whose folders are the classes."""
    file = getattr(dataset, "ann_file", None)
    if isinstance(file, str) and file:
        return f" ({file})"
    folder = getattr(dataset, "img_prefix", None) if hasattr(dataset, "folder_to_idx") else None
    return f" (the folders of {folder})" if folder else ""
