"""The parts of a joined data set: one list of classes, that of the first, whatever their own order.

mmengine's ``ConcatDataset`` refuses parts that list their classes in another order.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.dataset import ConcatDataset

from argus.datasets.classes.names import class_names_of
from argus.datasets.classes.number_by_name import renumber
from argus.datasets.stored_entries import parts_of, store_entries
from argus.datasets.transforms.labels import LoadSegMap
from argus.errors import DataError
from argus.names.classes import ClassNames, order_of
from argus.registry import DATASETS

_KEYS = ("classes", "palette")
_LIBRARIES = ("mmcv", "mmdet", "mmseg")


def let_orders_differ(config: Any) -> Any:
    """A config whose joined data sets take parts with classes in any order."""
    if not isinstance(config, Mapping):
        return config
    changed = dict(config)
    kind = config.get("type")
    kind = DATASETS.get(kind) if isinstance(kind, str) else kind
    if kind is ConcatDataset:
        given = config.get("ignore_keys") or ()
        given = [given] if isinstance(given, str) else list(given)
        changed["ignore_keys"] = list(dict.fromkeys([*given, *_KEYS]))
    for key in ("dataset", "datasets"):
        inner = config.get(key)
        if isinstance(inner, (list, tuple)):
            changed[key] = [let_orders_differ(item) for item in inner]
        elif isinstance(inner, Mapping):
            changed[key] = let_orders_differ(inner)
    return changed


def join_classes(dataset: Any, *, where: str) -> None:
    """Number the parts of joined data sets by the names of the classes, as the first part does.

    Args:
        dataset: Built; its parts are numbered by their own names.
        where: Its place in the config, for messages.

    Raises:
        DataError: Two parts have other classes, or semantic labels that cannot be renumbered.
    """
    for whole in parts_of(dataset):
        if type(whole) is not ConcatDataset:
            continue
        reference: ClassNames | None = None
        first: Mapping[str, Any] = {}
        for number, part in enumerate(whole.datasets):
            own = class_names_of(part, where=f"{where}.datasets[{number}]")
            if own is None or own.are_keypoints:
                continue
            if reference is None:
                reference, first = own, part.metainfo
                continue
            order = order_of(own, reference, task=where)
            if order is not None:
                _follow(part, order, first)


def _follow(part: Any, order: Sequence[int], first: Mapping[str, Any]) -> None:
    for inner in parts_of(part):
        if not hasattr(inner, "dataset") and not hasattr(inner, "datasets"):
            _map_labels(inner, order)
            renumber(inner, order)
        changes = {key: first[key] for key in _KEYS if key in first}
        inner._metainfo = {**inner._metainfo, **changes}


def _map_labels(part: Any, order: Sequence[int]) -> None:
    """Let the loader of semantic maps number them anew."""
    entries = [part.get_data_info(index) for index in range(len(part))]
    maps = [e for e in entries if "label_map" in e or e.get("seg_map_path")]
    if not maps or "segments_info" in maps[0]:  # panoptic maps are numbered by their segments
        return
    for step in getattr(part.pipeline, "transforms", ()):
        is_known = type(step).__module__.partition(".")[0] in (*_LIBRARIES, "argus")
        if not is_known or (isinstance(step, LoadSegMap) and step.table is not None):
            raise DataError(
                f"{part.data_prefix}: it is joined to a data set with the classes in another "
                f"order, and {type(step).__name__} does not number label maps anew. List the "
                "classes of both in one order."
            )
    for entry in entries:
        known = entry.get("label_map") or {label: label for label in range(len(order))}
        entry["label_map"] = {
            old: order[new] if 0 <= new < len(order) else new for old, new in known.items()
        }
    store_entries(part, entries)
