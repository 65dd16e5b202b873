"""Pascal VOC: an XML file of boxes for each picture, lists of the parts, maps.

Everingham et al., "The PASCAL Visual Object Classes Challenge", IJCV 2010; labelImg, CVAT, Roboflow
and others write it. Numbers of a box are taken as they stand, as tools write them from 0.
"""

import contextlib
from collections import Counter
from dataclasses import replace
from pathlib import PurePosixPath
from xml.etree import ElementTree

from argus.datasets.own.formats.format import Clue, Format, Options
from argus.datasets.own.formats.map_values import look, meaning
from argus.datasets.own.formats.names_files import class_table
from argus.datasets.own.formats.one_file_each import once
from argus.datasets.own.formats.paired import pairs
from argus.datasets.own.formats.turned_boxes import TURNED, upright
from argus.datasets.own.formats.voc_objects import ObjectReader, object_maps
from argus.datasets.own.record import OwnData, OwnObject, OwnPicture, sorted_pictures
from argus.datasets.own.texts import read_lines, read_xml
from argus.datasets.own.tree import Tree, folder_of, part_of, stem_of
from argus.errors import DataError
from argus.names.wording import counted, counted_kind, listed

_HEAD_BYTES = 4096
_LOOKED_AT = 5
_BACKGROUND = ("background", "_background_", "ignored")


def _clue(tree: Tree) -> Clue | None:
    files = tree.with_suffix(".xml")
    if not files and _object_maps(tree):
        return Clue(sure=True, why="maps in SegmentationClass and in SegmentationObject")
    some = files[:: max(1, len(files) // _LOOKED_AT)][:_LOOKED_AT]
    if not some or not all(_is_voc(tree, name) for name in some):
        return None
    return Clue(
        sure=True,
        why=f"{counted(len(files), 'XML file')} with annotation and object, e.g. {some[0]}",
    )


def _is_voc(tree: Tree, name: str) -> bool:
    with tree.path(name).open("rb") as file:
        head = file.read(_HEAD_BYTES)
    # Without an object a file has little more than the size of the picture.
    is_voc = any(word in head for word in (b"<bndbox", b"<segmented", b"<size"))
    return b"<annotation" in head and is_voc and b"<annotations" not in head


def _read(tree: Tree, options: Options) -> OwnData:
    if options.kind == "semantic":
        return _maps(tree)
    if options.kind == "instance" or not tree.with_suffix(".xml"):
        return _objects(tree)
    named: list[tuple[str, OwnPicture]] = []
    missing: list[str] = []
    has: Counter[str] = Counter()
    parts = _parts(tree, "Main") or _parts(tree, "")
    for name in tree.with_suffix(".xml"):
        picture = _picture(tree, name, has, parts)
        if picture is None:
            missing.append(name)
        else:
            named.append((name, picture))
    pictures = once(named, missing)
    if not pictures:
        raise DataError(
            f"{tree.given}: none of the pictures that "
            f"{counted(len(missing), 'XML file names', 'XML files name')} is there, e.g. of "
            f"{missing[0] if missing else 'none'}. Name the folder that has both the pictures and "
            "the files."
        )
    notes = []
    if missing:
        notes.append(
            f"{counted(len(missing), 'XML file has no', 'XML files have no')} picture: "
            f"{listed(missing[:5])}"
        )
    if has["difficult"]:
        notes.append(
            f"{counted(has['difficult'], 'object is marked', 'objects are marked')} as difficult: "
            "ignored"
        )
    if has["empty"]:
        notes.append(
            f"{counted(has['empty'], 'object has a box', 'objects have a box')} without area: left "
            "out"
        )
    if has["turned"]:
        notes.append(counted_kind(has["turned"], TURNED))
    found = {one.name for picture in pictures for one in picture.objects}
    table = class_table(tree)
    stated = [n for n in table.names.values() if n not in _BACKGROUND] if table else []
    return OwnData(
        format=FORMAT.name,
        root=tree.root,
        pictures=sorted_pictures(pictures),
        classes=tuple(stated) if found <= set(stated) else tuple(sorted(found)),
        kinds=_kinds(tree),
        notes=tuple(notes),
    )


def _kinds(tree: Tree) -> tuple[str, ...]:
    maps = ("semantic",) if pairs(tree, "semantic") else ()
    masks = ("instance",) if _object_maps(tree) else ()
    boxes = ("detection",)
    return (*boxes, *masks, *maps) if tree.with_suffix(".xml") else (*masks, *boxes, *maps)


def _object_maps(tree: Tree) -> dict[str, str]:
    found = pairs(tree, "semantic")
    return object_maps(tree, found.maps) if found else {}


def _objects(tree: Tree) -> OwnData:
    """The objects of the maps, which fewer pictures have than boxes."""
    of_objects = _object_maps(tree)
    if not of_objects:
        raise DataError(f"{tree.given}: boxes alone, and no SegmentationObject with maps.")
    known = _maps(tree)
    assert known.values is not None
    # Without names, classes are called by their values or colours.
    reader = ObjectReader(known.classes, known.values, (*_BACKGROUND, "0", "#000000"))
    pictures = [
        replace(one, maps={}, objects=reader.read(tree, one.maps["semantic"], of_objects[one.path]))
        for one in known.pictures
        if one.path in of_objects
    ]
    without = len(known.pictures) - len(pictures)
    have = counted(without, "picture has", "pictures have")
    notes = [f"{have} a map of classes and none of objects: left out"]
    return replace(
        known,
        pictures=tuple(pictures),
        classes=tuple(reader.names.values()),
        kinds=_kinds(tree),
        values=None,
        pixels=(),
        notes=(*known.notes, *notes[:without]),
    )


def _maps(tree: Tree) -> OwnData:
    """The maps of classes, which fewer pictures have than boxes."""
    found = pairs(tree, "semantic")
    if found is None:
        raise DataError(f"{tree.given}: boxes alone, and no SegmentationClass with maps.")
    try:
        meant = meaning(look(tree, sorted(found.maps.values())), class_table(tree))
    except DataError as error:
        raise DataError(f"{tree.given}: {error}") from error
    parts = _parts(tree, "Segmentation")
    pictures = [
        OwnPicture(
            path=name,
            part=parts.get(stem_of(name)) or part_of(folder_of(name)),
            maps={"semantic": target},
        )
        for name, target in found.maps.items()
    ]
    return OwnData(
        format=FORMAT.name,
        root=tree.root,
        pictures=sorted_pictures(pictures),
        classes=meant.classes,
        kinds=tuple(dict.fromkeys(("semantic", *_kinds(tree)))),
        values=meant.values,
        pixels=meant.counts,
        notes=meant.notes if meant.sure else (),
        doubts=() if meant.sure else meant.notes,
    )


def _parts(tree: Tree, folder: str) -> dict[str, str]:
    """Part of each name in ``ImageSets/<folder>/train.txt`` and so on."""
    found: dict[str, str] = {}
    for name in tree.named("train.txt", "val.txt", "test.txt"):
        steps = PurePosixPath(folder_of(name)).parts
        fits = folder in steps and "ImageSets" in steps if folder else "ImageSets" not in steps
        part = part_of(stem_of(name))
        if fits and part is not None:
            for line in read_lines(tree.path(name)):
                found.setdefault(stem_of(line.split()[0]) if "/" in line else line.split()[0], part)
    return found


def _picture(tree: Tree, name: str, has: Counter[str], parts: dict[str, str]) -> OwnPicture | None:
    path = tree.path(name)
    root = read_xml(path)
    part = parts.get(stem_of(name)) or part_of(folder_of(name))
    stated = root.findtext("filename") or ""
    found = tree.find_stem(f"{folder_of(name)}/{stem_of(name)}", near=folder_of(name), part=part)
    found = found or tree.find(stated, near=folder_of(name), part=part)
    if found is None:
        return None
    objects = []
    for number, item in enumerate(root.findall("object"), start=1):
        one = _object(item, f"{path}: object {number}")
        if one is None:
            has["parts"] += 1
        elif one.box is None or one.box[2] <= one.box[0] or one.box[3] <= one.box[1]:
            has["empty"] += 1
        else:
            has["difficult"] += one.is_crowd
            has["turned"] += bool(_rotation(item))
            objects.append(one)
    return OwnPicture(
        path=found,
        size=_size(root),
        part=part or part_of(folder_of(found)),
        objects=tuple(objects),
    )


def _size(root: ElementTree.Element) -> tuple[int, int] | None:
    try:
        sides = [int(float(root.findtext(f"size/{key}") or 0)) for key in ("width", "height")]
    except (ValueError, OverflowError):
        return None
    return (sides[0], sides[1]) if min(sides) > 0 else None


def _object(item: ElementTree.Element, where: str) -> OwnObject | None:
    name, box = item.findtext("name"), item.find("bndbox")
    if not name:
        raise DataError(f"{where}: it has no name.")
    if box is None:
        return None
    try:
        x1, y1, x2, y2 = (
            float(box.findtext(key) or "") for key in ("xmin", "ymin", "xmax", "ymax")
        )
    except ValueError as error:
        raise DataError(f"{where}: bndbox: expected xmin, ymin, xmax, ymax as numbers.") from error
    if not all(abs(value) < 1e7 for value in (x1, y1, x2, y2)):
        raise DataError(f"{where}: bndbox: expected finite pixels.")
    difficult = (item.findtext("difficult") or "0").strip() == "1"
    corners = upright((x1, y1, x2, y2), _rotation(item))
    return OwnObject(name=name.strip(), box=corners, is_crowd=difficult)


def _rotation(item: ElementTree.Element) -> float:
    """By how many degrees CVAT says that the box of an object is turned."""
    for attribute in item.iterfind("attributes/attribute"):
        if attribute.findtext("name") == "rotation":
            with contextlib.suppress(ValueError):
                return float(attribute.findtext("value") or 0)
    return 0.0


FORMAT = Format(
    name="voc",
    title="Pascal VOC XML",
    clue=_clue,
    read=_read,
    kinds=("detection", "instance", "semantic"),
)
