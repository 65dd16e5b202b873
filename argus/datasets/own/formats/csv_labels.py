"""A CSV with a heading: a picture a row with its class, its classes, or a column for each class.

Boxes, too: a row an object with four columns of pixels (Kaggle, VoTT, TensorFlow's examples).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from argus.datasets.own.formats.format import Clue, Format, Options
from argus.datasets.own.record import OwnData, OwnObject, OwnPicture, sorted_pictures
from argus.datasets.own.texts import read_csv
from argus.datasets.own.tree import Tree, folder_of, part_of
from argus.errors import DataError
from argus.names.wording import counted, listed

_PICTURE = (
    *("image", "image_name", "imagename", "filename", "file_name", "file", "path", "image_path"),
    *("img", "picture", "photo", "id", "image_id", "name", "imageid"),
)
_LABEL = ("label", "class", "label_name", "category", "class_name", "target", "species", "y")
_TAGS = ("labels", "tags", "classes", "categories")
_PART = ("split", "set", "part", "subset", "partition", "data set")
_BOXES = (
    ("xmin", "ymin", "xmax", "ymax"),
    ("x1", "y1", "x2", "y2"),
    ("left", "top", "right", "bottom"),
)
_SIZED = (("x1", "y1", "w", "h"), ("x", "y", "w", "h"), ("x", "y", "width", "height"))
_ONE_CELL = ("bbox", "box", "bboxes", "boxes", "bounding_box")
_SEPARATORS = "|;, "


@dataclass(frozen=True, kw_only=True)
class _Columns:
    """Where in a row what is."""

    picture: int
    label: int | None = None
    tags: int | None = None
    part: int | None = None
    box: tuple[int, ...] = ()
    is_sized: bool = False
    flags: dict[int, str] = field(default_factory=dict)


def _clue(tree: Tree) -> Clue | None:
    files = _files(tree)
    if not files:
        return None
    named = {part_of(name) for name in files}
    why = f"{listed(files)}: a heading and a row for each picture or object"
    return Clue(sure=len(files) == 1 or (None not in named and len(named) == len(files)), why=why)


def _files(tree: Tree) -> list[str]:
    return [name for name in tree.with_suffix(".csv", ".tsv") if _is_table(tree, name)]


def _is_table(tree: Tree, name: str) -> bool:
    try:
        rows = read_csv(tree.path(name))
        columns = _columns(rows)
    except DataError:  # who names the file is told
        return tree.given.is_file()
    if columns is None:
        return False
    some = rows[1:51]
    found = [_find(tree, row[columns.picture], name) for row in some if len(row) > columns.picture]
    return sum(picture is not None for picture in found) * 2 > len(some)


def _columns(rows: Sequence[Sequence[str]]) -> _Columns | None:
    if len(rows) < 2:
        return None
    heading = [cell.lower() for cell in rows[0]]
    in_one = [name for name in heading if name in _ONE_CELL]
    if in_one:
        raise DataError(
            f"a column {in_one[0]!r} with a box in one cell: corners, or a corner and a size? "
            "Write four columns: xmin, ymin, xmax, ymax."
        )

    def place(names: Sequence[str]) -> int | None:
        return next((heading.index(name) for name in names if name in heading), None)

    picture = place(_PICTURE)
    if picture is None:
        return None
    box: tuple[int, ...] = ()
    is_sized = False
    for names in (*_BOXES, *_SIZED):
        if all(name in heading for name in names):
            box = tuple(heading.index(name) for name in names)
            is_sized = names in _SIZED
            break
    label, tags, part = place(_LABEL), place(_TAGS), place(_PART)
    taken = {picture, label, tags, part, *box}
    flags = {
        i: rows[0][i]
        for i in range(len(heading))
        if i not in taken and all(len(row) > i and row[i] in ("0", "1") for row in rows[1:])
    }
    if label is None and tags is None and len(flags) < 2:
        return None
    if label is not None or tags is not None:
        flags = {}
    return _Columns(
        picture=picture, label=label, tags=tags, part=part, box=box, is_sized=is_sized, flags=flags
    )


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
    boxes = False
    for name in files:
        rows = read_csv(tree.path(name))
        columns = _columns(rows)
        assert columns is not None
        boxes |= bool(columns.box)
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
        raise DataError(f"{tree.given}: none of the pictures that {listed(files)} names is there.")
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
    has_order = any(_columns(read_csv(tree.path(name))).flags for name in files)  # type: ignore[union-attr]
    return OwnData(
        format=FORMAT.name,
        root=tree.root,
        pictures=sorted_pictures(pictures),
        classes=tuple(classes) if has_order else tuple(sorted(classes)),
        kinds=("detection",) if boxes else ("classification", "tags") if single else ("tags",),
        notes=tuple(notes[: len(missing)]),
    )


def _labels(row: Sequence[str], columns: _Columns) -> list[str]:
    if columns.flags:
        return [name for place, name in columns.flags.items() if row[place] == "1"]
    if columns.label is not None:
        return [row[columns.label]] if row[columns.label] else []
    assert columns.tags is not None
    cell = row[columns.tags]
    separator = next((sign for sign in _SEPARATORS if sign in cell), None)
    return [item.strip() for item in cell.split(separator) if item.strip()]


def _object(row: Sequence[str], columns: _Columns, name: str, where: str) -> OwnObject:
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
