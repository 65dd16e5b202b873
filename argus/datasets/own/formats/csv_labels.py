"""A CSV with a heading: a picture a row with its class, its classes, or a column for each class.

Boxes, too: a row an object with four columns of pixels (Kaggle, VoTT, TensorFlow's examples).
"""

from collections import defaultdict
from collections.abc import Sequence

from argus.datasets.own.formats.csv_columns import YES, Columns, columns_of
from argus.datasets.own.formats.format import Clue, Format, Options
from argus.datasets.own.record import OwnData, OwnObject, OwnPicture, sorted_pictures
from argus.datasets.own.texts import read_csv
from argus.datasets.own.tree import Tree, folder_of, part_of
from argus.errors import DataError
from argus.names.wording import counted, listed

_SEPARATORS = "|;, "


def _clue(tree: Tree) -> Clue | None:
    files = _files(tree)
    if not files:
        return None
    named = {part_of(name) for name in files}
    why = f"{listed(files)}: a heading and a row for each picture or object"
    is_one_set = len(files) == 1 or (None not in named and len(named) == len(files))
    is_said = tree.given.is_file() or not any(_table(tree, name)[1].doubts for name in files)
    return Clue(sure=is_one_set and is_said, why=why)


def _files(tree: Tree) -> list[str]:
    return [name for name in tree.with_suffix(".csv", ".tsv") if _is_table(tree, name)]


def _is_table(tree: Tree, name: str) -> bool:
    try:
        _table(tree, name)
    except DataError:  # who names the file is told
        return tree.given.is_file()
    return True


def why_not(tree: Tree) -> list[str]:
    """Why the tables of a folder are not read, a sentence without a stop for each."""
    reasons = []
    for name in tree.with_suffix(".csv", ".tsv"):
        try:
            _table(tree, name)
        except DataError as error:
            reasons.append(str(error).replace(str(tree.path(name)), name, 1).rstrip("."))
    return reasons


def _table(tree: Tree, name: str) -> tuple[list[list[str]], Columns]:
    """The rows of a table, of which most name pictures, and its columns.

    Raises:
        DataError: It is none of labels.
    """
    path = tree.path(name)
    rows = read_csv(path)
    try:
        columns = columns_of(rows, lambda cell: _find(tree, cell, name) is not None)
    except DataError as error:
        raise DataError(f"{path}: {error}.") from error
    if tree.given.is_file():
        return rows, columns
    some = [row[columns.picture] for row in rows[1:51] if len(row) > columns.picture]
    missing = [cell for cell in some if _find(tree, cell, name) is None]
    if len(missing) * 2 >= len(some):
        raise DataError(
            f"{path}: {len(missing):,} of the first {counted(len(some), 'picture')} that it names "
            f"are not below {tree.root}: {tree.told(missing)}."
        )
    return rows, columns


def _find(tree: Tree, stated: str, name: str) -> str | None:
    near, part = folder_of(name), part_of(name)
    return tree.find(stated, near=near, part=part) or tree.find_stem(stated, near=near, part=part)


def _read(tree: Tree, options: Options) -> OwnData:
    files = _files(tree)
    if tree.given.is_file():
        files = [tree.given.name]
    parts = [part_of(name) for name in files]
    if len(files) > 1 and (None in parts or len(set(parts)) < len(parts)):
        raise DataError(
            f"{tree.given}: several tables could be meant: {listed(files)}. Name one as the data."
        )
    if not files:
        raise DataError(f"{tree.given}: no CSV whose first column names pictures below it.")
    classes: dict[str, None] = {}
    labels: dict[str, list[str]] = defaultdict(list)
    objects: dict[str, list[OwnObject]] = defaultdict(list)
    part_by_picture: dict[str, str | None] = {}
    missing: list[str] = []
    boxes = has_order = False
    doubts: dict[str, None] = {}
    for name in files:
        rows, columns = _table(tree, name)
        boxes |= bool(columns.box)
        has_order |= bool(columns.flags)
        doubts.update(dict.fromkeys(columns.doubts))
        if columns.flags:
            classes.update(dict.fromkeys(columns.flags.values()))
        for number, row in enumerate(rows[1:], start=2):
            where = f"{tree.path(name)}, row {number}"
            if len(row) < len(rows[0]):
                raise DataError(
                    f"{where}: {counted(len(row), 'cell')}, the heading has {len(rows[0])}."
                )
            picture = _find(tree, row[columns.picture], name)
            if picture is None:
                missing.append(row[columns.picture])
                continue
            stated = part_of(row[columns.part]) if columns.part is not None else None
            part_by_picture[picture] = stated or part_of(name) or part_of(folder_of(picture))
            found = _labels(row, columns)
            labels[picture] += found
            classes.update(dict.fromkeys(sorted(found)) if not columns.flags else {})
            if columns.box and found:
                objects[picture].append(_object(row, columns, found[0], where))
    if not part_by_picture:
        raise DataError(
            f"{tree.given}: none of the pictures that {listed(files)} names is there: "
            f"{tree.told(missing)}.{tree.where_else}"
        )
    pictures = [
        OwnPicture(
            path=picture,
            part=part,
            objects=tuple(objects[picture]),
            labels=None if boxes else tuple(dict.fromkeys(labels[picture])),
        )
        for picture, part in part_by_picture.items()
    ]
    single = all(len(picture.labels or ()) == 1 for picture in pictures)
    notes = [
        f"{counted(len(missing), 'row names a', 'rows name a')} picture that is not there: "
        f"{listed(missing[:5])}"
    ]
    return OwnData(
        format=FORMAT.name,
        root=tree.root,
        pictures=sorted_pictures(pictures),
        classes=tuple(classes) if has_order else tuple(sorted(classes)),
        kinds=("detection",) if boxes else ("classification", "tags") if single else ("tags",),
        notes=tuple(notes[: len(missing)]),
        doubts=tuple(doubts),
    )


def _labels(row: Sequence[str], columns: Columns) -> list[str]:
    if columns.flags:
        return [name for place, name in columns.flags.items() if row[place].lower() in YES]
    if columns.label is not None:
        return [row[columns.label]] if row[columns.label] else []
    assert columns.tags is not None
    cell = row[columns.tags]
    is_list = cell.startswith("[") and cell.endswith("]")  # as Python writes one
    cell = cell[1:-1] if is_list else cell
    separator = "," if is_list else next((sign for sign in _SEPARATORS if sign in cell), None)
    items = [item.strip() for item in cell.split(separator)]
    return [name for item in items if (name := item.strip("'\"") if is_list else item)]


def _object(row: Sequence[str], columns: Columns, name: str, where: str) -> OwnObject:
    try:
        x1, y1, x2, y2 = (float(row[place]) for place in columns.box)
    except ValueError as error:
        raise DataError(f"{where}: a box of other things than numbers.") from error
    if columns.is_sized:
        x2, y2 = x1 + x2, y1 + y2
    if not all(abs(value) < 1e7 for value in (x1, y1, x2, y2)) or x2 <= x1 or y2 <= y1:
        raise DataError(f"{where}: the box {(x1, y1, x2, y2)} has no area.")
    return OwnObject(name=name, box=(x1, y1, x2, y2))


FORMAT = Format(
    name="csv",
    title="CSV of labels",
    clue=_clue,
    read=_read,
    kinds=("classification", "tags", "detection"),
    suffixes=(".csv", ".tsv"),
)
