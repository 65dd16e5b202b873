"""The classes of the parts of a task: one list for the decoder, and the way to it from another one.

A decoder has an output per class, in the order that its training data number them. Validation and
test data, or those of a later training, may list the same classes in another order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from argus.errors import DataError
from argus.names.wording import listed


@dataclass(frozen=True, kw_only=True)
class ClassNames:
    """Names by label.

    Args:
        names: Of the classes, or of the keypoints of poses.
        source: Where they are written, for messages: ``tasks.instance.val.dataset (val.json)``.
        are_keypoints: Whether they are those of keypoints.
    """

    names: tuple[str, ...]
    source: str
    are_keypoints: bool = False


def order_of(own: ClassNames, reference: ClassNames, *, task: str) -> list[int] | None:
    """The label in ``reference`` of each label of ``own``; ``None`` if they are the same.

    Raises:
        DataError: They are no lists of the same names, or keypoints in another order.
    """
    if own.names == reference.names:
        return None
    missing = [name for name in reference.names if name not in own.names]
    surplus = [name for name in own.names if name not in reference.names]
    what = "keypoints" if own.are_keypoints else "classes"
    is_repeated = len(set(own.names)) < len(own.names)
    if missing or surplus or is_repeated or len(own.names) != len(reference.names):
        only = [f"{listed(missing)} only in the first"] * bool(missing)
        only += [f"{listed(surplus)} only in the second"] * bool(surplus)
        raise DataError(
            f"task {task!r}: two of its parts have other {what}, but a number has to mean the same "
            f"in both:\n  {_line(reference)}\n  {_line(own)}\n"
            f"{' and '.join(only) or 'a name stands there twice'}. {_remedy(own)}"
        )
    if own.are_keypoints:
        raise DataError(
            f"task {task!r}: two of its parts have their keypoints in another order:\n"
            f"  {_line(reference)}\n  {_line(own)}\nGive both data sets the same metainfo; the "
            "order of the annotation file is free, if its category names the keypoints."
        )
    return [reference.names.index(name) for name in own.names]


def told_order(own: ClassNames, reference: ClassNames) -> str:
    """A sentence for who wonders about the numbers of classes in another order."""
    return (
        f"{own.source} has the classes in another order ({listed(own.names)}) than "
        f"{reference.source} ({listed(reference.names)}): its labels are numbered by name"
    )


def _line(names: ClassNames) -> str:
    return f"{names.source}: {listed(names.names)}"


def _remedy(own: ClassNames) -> str:
    if own.are_keypoints:
        return "Give both data sets the same metainfo."
    return (
        "Name the same classes in both, in any order: by metainfo=dict(classes=...) of the data "
        "sets, or, where folders are the classes, by an empty folder for a class without images."
    )


def in_order(values: Sequence[Any], order: Sequence[int]) -> list[Any]:
    """Values by the new label of each, from those by own label."""
    by_label = dict(zip(order, values, strict=True))
    return [by_label[label] for label in range(len(values))]
