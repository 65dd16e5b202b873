"""Read a data folder into a record, once, and say which classes a task on it has."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from argus.datasets.own.format_choice import format_of
from argus.datasets.own.formats import FORMATS, Options
from argus.datasets.own.record import KINDS, OwnData
from argus.datasets.own.tree import Tree
from argus.errors import ConfigError, DataError
from argus.names.wording import folded, listed


def read_own(
    data: str | Path,
    *,
    format: str | None = None,
    kind: str | None = None,
    unit: float | None = None,
    classes: Sequence[str] | None = None,
) -> OwnData:
    """Read the pictures and labels of a folder.

    Args:
        data: The folder, or a file of labels in it.
        format: A key of ``formats.FORMATS``; ``None`` to recognise it.
        kind: What the labels are to be good for, of ``record.KINDS``; ``None`` for what they are.
        unit: Of depth: how many values of a file are one metre.
        classes: Their names, where the labels are numbers without names; else which of them count.

    Raises:
        ConfigError: The format or the kind is unknown.
        DataError: The format is not certain, a file cannot be read, or the labels are no good for
            the kind.
    """
    if kind is not None and kind not in KINDS:
        raise ConfigError(f"kind={kind!r}: expected one of {', '.join(KINDS)}.")
    if format is not None and format not in FORMATS:
        raise ConfigError(f"format={format!r}: expected one of {', '.join(FORMATS)}.")
    tree = Tree(data)
    if format is None:
        format = format_of(tree, kind)
    options = Options(kind=kind, unit=unit, names=tuple(classes or ()))
    found = _read(tree.signature, str(tree.given.absolute()), format, options, _Carrier(tree))
    if not found.kinds:
        notes = f" ({'; '.join(found.notes)})" if found.notes else ""
        raise DataError(f"{data}: {FORMATS[format].title}, in which nothing is labelled{notes}.")
    _refuse_shares(data, found)
    if kind is not None and kind not in found.kinds:
        raise DataError(
            f"{data}: {FORMATS[format].title}, good for {listed(found.kinds) or 'nothing'}; "
            f"{kind} needs other labels."
        )
    return found


def _refuse_shares(data: str | Path, found: OwnData) -> None:
    """Boxes of less than a pixel, all of them at the upper left corner, are something else."""
    boxes = [one.box for picture in found.pictures for one in picture.objects if one.box]
    if boxes and all(0 <= min(box) and max(box) <= 1 for box in boxes):
        raise DataError(
            f"{data}: {FORMATS[found.format].title} with all boxes between 0 and 1, e.g. "
            f"{boxes[0]}: shares of the picture's size? Write pixels."
        )


class _Carrier:
    """Brings a listing to the reader past the cache, which goes by the listing's signature."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Carrier)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=8)
def _read(signature: str, path: str, format: str, options: Options, carrier: _Carrier) -> OwnData:
    return FORMATS[format].read(carrier.tree, options)


def class_names(
    data: str | Path,
    format: str | None = None,
    classes: Sequence[str] | None = None,
    *,
    kind: str | None = None,
) -> tuple[str, ...]:
    """Names by label of what a task tells apart, without its data set.

    Args:
        data: As for :func:`read_own`; so are the others.
        format: Its format.
        classes: Which of them, in this order; all by default.
        kind: What the task does; semantic maps made of objects have a background.

    Raises:
        DataError: A class that the data do not have.
    """
    found = read_own(data, format=format, kind=kind, classes=classes)
    return in_order(found, kind or found.kinds[0], classes)


def keypoint_names(data: str | Path, format: str | None = None) -> tuple[str, ...]:
    """Names of the keypoints of the objects."""
    return read_own(data, format=format, kind="keypoints").keypoints


def thing_names(data: str | Path, format: str | None = None) -> tuple[str, ...]:
    """Classes of a panoptic data set of which each object counts."""
    return read_own(data, format=format, kind="panoptic").things


def in_order(data: OwnData, kind: str, classes: Sequence[str] | None) -> tuple[str, ...]:
    """As :func:`chosen`; of panoptic data things come first, as mmdet numbers them."""
    names = chosen(data, kind, classes)
    if kind != "panoptic":
        return names
    return tuple(sorted(names, key=lambda name: name not in data.things))


def chosen(data: OwnData, kind: str, classes: Sequence[str] | None) -> tuple[str, ...]:
    """The classes of a task: all of the data, or those that are named.

    Raises:
        DataError: One that the data do not have, or one twice.
    """
    known = data.classes_of(kind)
    if classes is None:
        return known
    if len(set(classes)) < len(classes):
        raise DataError(f"classes={list(classes)}: one stands there twice.")
    missing = [name for name in classes if name not in known]
    if missing:
        alike = {folded(name): name for name in known}
        hints = [alike[folded(name)] for name in missing if folded(name) in alike]
        meant = f" Is {listed(hints)} meant?" if hints else ""
        raise DataError(
            f"{data.root}: it has no class {listed(missing)}; it has {listed(known) or 'none'}."
            f"{meant}"
        )
    return tuple(classes)
