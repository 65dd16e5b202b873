"""Files that name the classes of a data set, and their numbers or colours, as tools write them.

``classes.txt``, ``labels.txt`` (labelme), ``obj.names`` (Darknet): a name a line, perhaps behind
its number. ``labelmap.txt`` (CVAT, for VOC): ``name:r,g,b:parts:actions``. ``label_colors.txt``
(CamVid): ``r g b name``. ``class_dict.csv``, ``labelmap.csv``: ``name,r,g,b``. ``_classes.csv``
(Roboflow): ``pixel value, class``. ``dataset_meta.json`` (datumaro): ``label_map`` and
``segmentation_colors``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from argus.datasets.own.texts import read_csv, read_json, read_lines
from argus.datasets.own.tree import Tree
from argus.errors import DataError
from argus.names.wording import counted

Colour = tuple[int, int, int]
_MOST_CLASSES = 100_000
_LISTS = (
    "classes.txt",
    "class_names.txt",
    "labels.txt",
    "obj.names",
    "names.txt",
    "categories.txt",
)
_COLOURED = ("labelmap.txt", "label_colors.txt", "label_colours.txt")
_TABLES = ("class_dict.csv", "labelmap.csv", "label_map.csv", "_classes.csv", "classes.csv")
_META = ("dataset_meta.json",)


@dataclass(frozen=True, kw_only=True)
class ClassTable:
    """Names by number.

    Args:
        names: By the number in the files.
        colours: RGB of each number, or empty.
        source: The file.
    """

    names: Mapping[int, str]
    colours: Mapping[int, Colour]
    source: str

    @property
    def is_from_zero(self) -> bool:
        """Whether the numbers are 0, 1, ... without a gap."""
        return list(self.names) == list(range(len(self.names)))


def class_table(tree: Tree) -> ClassTable | None:
    """The table of a data folder, of the file nearest to its top; ``None`` if there is none.

    Raises:
        DataError: A file of such a name has another form.
    """
    # One with colours says more than a list.
    for group in (_META, _COLOURED, _TABLES, _LISTS):
        names = sorted(tree.named(*group), key=lambda name: (name.count("/"), name))
        for name in names:
            table = _read(tree, name)
            if table is not None and table.names:
                return table
    return None


def _read(tree: Tree, name: str) -> ClassTable | None:
    path, file = tree.path(name), name.rpartition("/")[2].lower()
    if file in _META:
        return _of_meta(read_json(path, most=16 * 2**20), name)
    if file in _TABLES:
        return _of_rows(read_csv(path), name)
    lines = read_lines(path)
    if len(lines) > _MOST_CLASSES:
        raise DataError(
            f"{path}: {counted(len(lines), 'line')}; expected one name of a class a line."
        )
    if file in _COLOURED:
        return _of_coloured(lines, name, path)
    if lines and lines[0] == "__ignore__":  # labelme's, whose number is -1
        lines = lines[1:]
    return ClassTable(names=_numbered(lines), colours={}, source=name)


def _numbered(lines: list[str]) -> dict[int, str]:
    """Names by the numbers before them, if all lines have one; else by their places."""
    found = [re.fullmatch(r"(\d{1,5})(?:\s*[:,;=]\s*|\s+)(\S.*)", line) for line in lines]
    numbers = [int(one.group(1)) for one in found if one]
    if lines and len(numbers) == len(lines) and numbers == sorted(set(numbers)):
        return {number: one.group(2) for number, one in zip(numbers, found, strict=True) if one}
    return dict(enumerate(lines))


def _of_meta(content: Any, name: str) -> ClassTable | None:
    if not isinstance(content, dict):
        return None
    labels = content.get("label_map")
    if not isinstance(labels, dict):
        listed = content.get("labels")
        labels = dict(enumerate(listed)) if isinstance(listed, list) else {}
    names = {int(key): str(value) for key, value in labels.items() if str(key).isdecimal()}
    stated = content.get("segmentation_colors")
    colours = {}
    if isinstance(stated, list) and len(stated) == len(names):
        found = zip(names, map(_colour, stated), strict=True)
        colours = {number: colour for number, colour in found if colour is not None}
    return ClassTable(
        names=names, colours=colours if len(colours) == len(names) else {}, source=name
    )


def _of_rows(rows: list[list[str]], name: str) -> ClassTable | None:
    if not rows:
        return None
    if not any(cell.isdecimal() for cell in rows[0]):  # the heading
        rows = rows[1:]
    names: dict[int, str] = {}
    colours: dict[int, Colour] = {}
    for number, row in enumerate(rows):
        if len(row) == 2 and row[0].isdecimal():
            names[int(row[0])] = row[1]
        elif len(row) >= 4 and all(cell.isdecimal() for cell in row[1:4]):
            colour = _colour([int(cell) for cell in row[1:4]])
            if colour is None:
                return None
            names[number], colours[number] = row[0], colour
        else:
            return None
    return ClassTable(names=names, colours=colours, source=name)


def _of_coloured(lines: list[str], name: str, path: Any) -> ClassTable | None:
    names: dict[int, str] = {}
    colours: dict[int, Colour] = {}
    for line in lines:
        if line.startswith("#"):
            continue
        number = len(names)
        of_voc = re.fullmatch(r"([^:]*):(\d+),\s*(\d+),\s*(\d+)(:.*)?", line)
        of_camvid = re.fullmatch(r"(\d+)[\s,]+(\d+)[\s,]+(\d+)[\s,]+(.+)", line)
        if of_voc:
            names[number] = of_voc.group(1)
            colour = _colour([int(of_voc.group(i)) for i in (2, 3, 4)])
        elif of_camvid:
            names[number] = of_camvid.group(4).strip()
            colour = _colour([int(of_camvid.group(i)) for i in (1, 2, 3)])
        elif ":" in line:  # of CVAT, without a colour
            names[number] = line.split(":")[0]
            continue
        else:
            return None
        if colour is None:
            raise DataError(f"{path}: {line!r:.100}: a colour has three numbers from 0 to 255.")
        colours[number] = colour
    return ClassTable(
        names=names, colours=colours if len(colours) == len(names) else {}, source=name
    )


def _colour(value: Any) -> Colour | None:
    if not isinstance(value, list) or len(value) != 3:
        return None
    if not all(isinstance(v, int) and 0 <= v <= 255 for v in value):
        return None
    return (value[0], value[1], value[2])
