"""Pictures in one folder for each class; parts are folders above them, or are drawn.

``train/<class>/<picture>`` with ``val`` and ``test``, of any of the names that people give parts.
Where there is ``train`` and ``val`` alone, ``val`` tests. Without parts it is read as Caltech-101
is: 30 pictures of each class, drawn by hash, train, and all others test.
"""

from collections import defaultdict
from pathlib import Path

from argus.datasets.own.parts import drawn
from argus.datasets.own.reading import read_own
from argus.datasets.own.record import PARTS, OwnData
from argus.datasets.transfer.record import MEAN_PER_CLASS, TOP1, ImageSet, part_of
from argus.errors import DataError
from argus.names.wording import counted, listed

OF_EACH_CLASS = 30
"""Pictures of a class that train, where a set has no parts; Caltech-101's."""

Entries = list[tuple[str, str]]


def read_folders(folder: Path, *, seed: int) -> ImageSet:
    """Read class folders.

    Args:
        folder: Of the set.
        seed: Of the draw, where the set has no parts.

    Raises:
        DataError: There are no class folders, no pictures that train or test, or a class that only
            tests.
    """
    data = read_own(folder, format="class_folders", kind="classification")
    by_part: dict[str | None, Entries] = defaultdict(list)
    for picture in data.pictures:
        (label,) = picture.labels or ("",)
        by_part[picture.part].append((picture.path, label))
    notes = [*data.notes]
    if set(by_part) == {None}:
        return _drawn(folder, data, by_part[None], seed)
    train, val, test = (by_part[part] for part in PARTS)
    if not test and val:
        test, val = val, []
        notes.append("val tests, since there is no test")
    if not train or not test:
        raise DataError(
            f"{folder}: expected class folders below train and below test or val, found pictures "
            f"of {listed(str(part) for part, entries in by_part.items() if entries) or 'no part'}."
        )
    unknown = {label for _, label in val + test} - {label for _, label in train}
    if unknown:
        raise DataError(
            f"{folder}: {counted(len(unknown), 'class', 'classes')} without a picture that "
            f"trains: {listed(sorted(unknown))}."
        )
    return ImageSet(
        name=folder.resolve().name,
        root=Path(data.root),
        classes=data.classes,
        train=part_of(train, data.classes),
        val=part_of(val, data.classes) if val else None,
        test=part_of(test, data.classes),
        metric=TOP1,
        notes=tuple(notes),
    )


def _drawn(folder: Path, data: OwnData, entries: Entries, seed: int) -> ImageSet:
    by_class: dict[str, Entries] = defaultdict(list)
    for entry in entries:
        by_class[entry[1]].append(entry)
    few = [name for name, members in by_class.items() if len(members) <= OF_EACH_CLASS]
    if few:
        raise DataError(
            f"{folder}: class folders without train and test; then {OF_EACH_CLASS} pictures of "
            f"each class train and the others test, as with Caltech-101, but {listed(sorted(few))} "
            f"{'has' if len(few) == 1 else 'have'} no more. Put the pictures below train and test."
        )
    train: Entries = []
    test: Entries = []
    for members in by_class.values():
        ranked = sorted(members, key=lambda entry: (drawn(entry[0], seed), entry))
        train += ranked[:OF_EACH_CLASS]
        test += ranked[OF_EACH_CLASS:]
    return ImageSet(
        name=folder.resolve().name,
        root=Path(data.root),
        classes=data.classes,
        train=part_of(train, data.classes),
        val=None,
        test=part_of(test, data.classes),
        metric=MEAN_PER_CLASS,
        notes=(
            *data.notes,
            f"{OF_EACH_CLASS} pictures of each class train and the others test, drawn with seed "
            f"{seed}, as with Caltech-101",
        ),
    )
