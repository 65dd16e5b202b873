"""YOLO's text files, a line an object: boxes, outlines, keypoints.

``class x y width height`` (centre and size), ``class x y x y ...`` (outline, also the four corners
of an oriented box), ``class x y width height x y visibility ...`` where ``data.yaml`` has
``kpt_shape``; all as shares of the picture's size, https://docs.ultralytics.com/datasets. Names are
those of ``data.yaml``, ``obj.names`` or ``classes.txt``. A picture without a file has no object.
"""

from collections import Counter
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from argus.datasets.own.formats.coco_objects import box_of
from argus.datasets.own.formats.format import Clue, Format, Options
from argus.datasets.own.formats.names_files import class_table
from argus.datasets.own.formats.yolo_keypoints import (
    PosedLines,
    flip_of,
    keypoint_names,
    keypoint_shape,
    points_of,
)
from argus.datasets.own.picture_size import picture_size
from argus.datasets.own.record import PARTS, OwnData, OwnObject, OwnPicture, sorted_pictures
from argus.datasets.own.texts import read_lines, read_yaml
from argus.datasets.own.tree import Tree, folder_of, part_of, stem_of
from argus.errors import DataError
from argus.names.wording import counted, listed

_LOOKED_AT = 20
_FAR = 2.0  # shares beyond are no slip of a tool


def _clue(tree: Tree) -> Clue | None:
    files = label_files(tree)
    if not files:
        return None
    some = list(files)[:: max(1, len(files) // _LOOKED_AT)]
    lines = [line for name in some for line in read_lines(tree.path(name))[:5]]
    if not lines or not all(_is_line(line) for line in lines):
        return None
    names = _yaml(tree) is not None or class_table(tree) is not None
    return Clue(
        sure=names,
        why=f"{counted(len(files), 'picture has a text', 'pictures have a text')} file of "
        f"their name with lines of numbers, e.g. {some[0]}",
    )


def _is_line(line: str) -> bool:
    cells = line.split()
    try:
        values = [float(cell) for cell in cells]
    except ValueError:
        return False
    return len(cells) >= 5 and values[0].is_integer() and max(map(abs, values[1:5])) <= _FAR


def first_line(tree: Tree, name: str) -> str:
    """The first line of a text file that is not blank; empty if there is none."""
    return next(iter(read_lines(tree.path(name))), "")


def label_files(tree: Tree) -> dict[str, str]:
    """The picture of each text file that has one."""
    found = {}
    for name in tree.with_suffix(".txt"):
        folder = folder_of(name)
        steps = [
            "images" if step.lower() == "labels" else step for step in PurePosixPath(folder).parts
        ]
        picture = tree.find_stem(
            "/".join([*steps, stem_of(name)]), near="/".join(steps), part=part_of(folder)
        )
        if picture is not None:
            found[name] = picture
    return found


def _yaml(tree: Tree) -> dict[str, Any] | None:
    """What ``data.yaml`` says, or another YAML file at the top with names."""
    named = tree.given.is_file() and tree.given.suffix.lower() in FORMAT.suffixes
    files = [tree.given.name] if named else tree.with_suffix(".yaml", ".yml")
    for name in sorted(files, key=lambda file: (file.count("/"), "data" not in file, file)):
        content = read_yaml(tree.path(name))
        if "names" in content:
            return content | {"": name}
    return None


def _read(tree: Tree, options: Options) -> OwnData:
    content = _yaml(tree) or {}
    names = _names(tree, content, options)
    number, dims = keypoint_shape(content)
    posed = PosedLines()
    files = {picture: name for name, picture in label_files(tree).items()}
    if not files:
        raise DataError(f"{tree.given}: no text file has the name of a picture.")
    folders = {folder_of(picture) for picture in files}
    pictures: list[OwnPicture] = []
    has: Counter[str] = Counter()
    used: set[int] = set()
    stated = _parts(tree, content)
    for name in tree.pictures:
        if folder_of(name) not in folders:
            continue
        objects: list[OwnObject] = []
        size = None
        if name in files:
            size = picture_size(tree.path(name))
            path = tree.path(files[name])
            for place, line in enumerate(read_lines(path), start=1):
                where = f"{path}, line {place}"
                posed.add(line.split()[1:])
                label, one = _object(line, names, size, number, dims, where)
                used.add(label)
                objects.append(one)
                has["objects"] += 1
                has["masks"] += one.has_mask
        else:
            has["empty"] += 1
        part = stated.get(name) or _stated_part(name, content) or part_of(folder_of(name))
        pictures.append(OwnPicture(path=name, size=size, part=part, objects=tuple(objects)))
    if not number:
        posed.raise_if_keypoints(tree)
    notes = []
    if has["empty"]:
        notes.append(
            f"{counted(has['empty'], 'picture has no text', 'pictures have no text')} file, so no "
            "object"
        )
    doubts = []
    if not names:
        names = {label: str(label) for label in range(max(used, default=0) + 1)}
        doubts.append(
            "no file names the classes, so they are called by their numbers; write classes.txt "
            "with a name a line"
        )
    kinds = _kinds(has, number)
    flip = content.get("flip_idx") if number else None
    return OwnData(
        format=FORMAT.name,
        root=tree.root,
        pictures=sorted_pictures(pictures),
        classes=tuple(names.values()),
        kinds=kinds,
        keypoints=keypoint_names(content, number),
        flip=flip_of(flip, number),
        notes=tuple(notes),
        doubts=tuple(doubts),
    )


def _kinds(has: Counter[str], number: int) -> tuple[str, ...]:
    if number:
        return ("keypoints", "detection")
    if has["masks"] * 2 >= has["objects"] > 0:
        return ("instance", "detection", "semantic")
    return ("detection", *(("instance", "semantic") if has["masks"] else ()))


def _names(tree: Tree, content: Mapping[str, Any], options: Options) -> dict[int, str]:
    stated = content.get("names")
    if isinstance(stated, list):
        return {number: str(name) for number, name in enumerate(stated)}
    if isinstance(stated, dict):
        if not all(str(key).isdecimal() for key in stated):
            raise DataError(f"{tree.path(content[''])}: names: expected numbers and names.")
        return {int(key): str(stated[key]) for key in sorted(stated, key=int)}
    table = class_table(tree)
    if table is not None:
        return dict(table.names)
    return dict(enumerate(options.names))


def _parts(tree: Tree, content: Mapping[str, Any]) -> dict[str, str]:
    """The parts of pictures that lists name: ``train.txt`` and so on."""
    found: dict[str, str] = {}
    for name in tree.named("train.txt", "val.txt", "valid.txt", "test.txt"):
        part = part_of(stem_of(name))
        lines = read_lines(tree.path(name))
        for line in lines if part else []:
            picture = tree.find(line, near=folder_of(name))
            if picture is not None:
                found.setdefault(picture, str(part))
    return found


def _stated_part(name: str, content: Mapping[str, Any]) -> str | None:
    """The part whose folder in ``data.yaml`` the picture's folder ends with or lies in."""
    own = PurePosixPath(folder_of(name)).parts
    best: tuple[int, str | None] = (0, None)
    for part in PARTS:
        stated = content.get(part)
        for folder in stated if isinstance(stated, list) else [stated]:
            if not isinstance(folder, str) or folder.endswith(".txt"):
                continue
            steps = tuple(s for s in PurePosixPath(folder).parts if s not in ("..", ".", "/"))
            places = range(len(own) - len(steps) + 1)
            if steps and any(own[i : i + len(steps)] == steps for i in places):
                best = max(best, (len(steps), part), key=lambda item: item[0])
    return best[1]


def _object(
    line: str,
    names: Mapping[int, str],
    size: tuple[int, int],
    number: int,
    dims: int,
    where: str,
) -> tuple[int, OwnObject]:
    cells = line.split()
    try:
        first, *values = (float(cell) for cell in cells)
        label = int(first)  # some tools write 0.0
        if label != first:
            raise ValueError(f"class {first}")
    except (ValueError, OverflowError) as error:
        raise DataError(f"{where}: {line!r:.80}: expected a class and numbers.") from error
    shares = values[: 4 if number else None]
    if len(values) < 4 or not all(abs(value) <= _FAR for value in shares):
        raise DataError(
            f"{where}: {line!r:.80}: expected shares of the picture's size, between 0 and 1."
        )
    if label < 0 or (names and label not in names):
        raise DataError(
            f"{where}: class {label}, and there are names for {listed(sorted(names))} alone."
        )
    name = names.get(label, str(label))
    width, height = size
    if number or len(values) in (4, 5):  # a score may follow a box
        if number and len(values) != 4 + number * dims:
            raise DataError(
                f"{where}: {counted(len(values), 'number')} behind the class, expected "
                f"{4 + number * dims} (kpt_shape {[number, dims]})."
            )
        x, y, w, h = values[:4]
        box = _clipped((x - w / 2, y - h / 2, x + w / 2, y + h / 2), width, height)
        points = points_of(values[4:], dims, width, height) if number else ()
        return label, OwnObject(name=name, box=box, keypoints=points)
    if len(values) % 2 or len(values) < 6:
        hint = (
            f" Keypoints? Then data.yaml has to say kpt_shape: [{(len(values) - 4) // 3}, 3]."
            if len(values) > 4 and (len(values) - 4) % 3 == 0
            else ""
        )
        raise DataError(
            f"{where}: {counted(len(values), 'number')} behind the class, expected pairs x, y."
            f"{hint}"
        )
    ring = tuple(v * (width, height)[i % 2] for i, v in enumerate(values))
    return label, OwnObject(name=name, box=box_of([ring], None), polygons=(ring,))


def _clipped(
    box: tuple[float, float, float, float], width: int, height: int
) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = (min(1.0, max(0.0, value)) for value in box)
    return (x1 * width, y1 * height, x2 * width, y2 * height)


FORMAT = Format(
    name="yolo",
    title="YOLO text files",
    clue=_clue,
    read=_read,
    kinds=("detection", "instance", "semantic", "keypoints"),
    suffixes=(".yaml", ".yml"),
)
