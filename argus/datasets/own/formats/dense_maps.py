"""Folders of pictures and of depth, surface normals, boundaries or saliency, a file for each."""

import numpy as np

from argus.datasets.own.formats import good_defect
from argus.datasets.own.formats.format import Clue, Format, Options
from argus.datasets.own.formats.masks import stray_notes
from argus.datasets.own.formats.paired import Pairs, folders_text, pairs
from argus.datasets.own.record import MapValues, OwnData, OwnPicture, sorted_pictures
from argus.datasets.own.stored_depth import decode_depth
from argus.datasets.own.tree import Tree, folder_of, part_of
from argus.datasets.transforms.label_images import decode_grey
from argus.datasets.transforms.reading import read_bytes
from argus.errors import DataError
from argus.names.wording import counted

_MILLIMETRES = 1000.0
_LOOKED_AT = 20
_WHITE = 255


def _format(kind: str, title: str) -> Format:
    def clue(tree: Tree) -> Clue | None:
        found = pairs(tree, kind)
        if found is None or not _may_be(tree, kind, found):
            return None
        number = len(found.maps)
        why = f"{counted(number, 'picture has a', 'pictures have a')} {kind} map of the same name"
        return Clue(sure=number >= len(found.without), why=f"{why} ({folders_text(tree, found)})")

    def read(tree: Tree, options: Options) -> OwnData:
        found = pairs(tree, kind)
        if found is None:
            raise DataError(
                f"{tree.given}: no pictures with {kind} maps of the same names; expected folders "
                f"such as images/ and {kind}/."
            )
        pictures = [
            OwnPicture(path=name, part=part_of(folder_of(name)), maps={kind: target})
            for name, target in found.maps.items()
        ]
        files = sorted(found.maps.values())
        unit, doubts = _unit(tree, files, options.unit) if kind == "depth" else (None, ())
        return OwnData(
            format=kind,
            root=tree.root,
            pictures=sorted_pictures(pictures),
            kinds=(kind,),
            values=_values(tree, files) if kind in ("boundary", "saliency") else None,
            unit=unit,
            notes=tuple(stray_notes(found)),
            doubts=doubts,
        )

    return Format(name=kind, title=title, clue=clue, read=read, kinds=(kind,))


def _may_be(tree: Tree, kind: str, found: Pairs) -> bool:
    """Whether maps are what their folder is called: "edge" and "normal" are classes as well."""
    if kind == "normals":
        return good_defect.FORMAT.clue(tree) is None
    first = min(found.maps.values())
    if kind == "depth" or first.lower().endswith(".mat"):
        return True
    try:
        decode_grey(read_bytes(tree.path(first)))
    except DataError as error:  # a damaged one is for the reader to name
        return "colour picture" not in str(error)
    return True


def _unit(tree: Tree, files: list[str], stated: float | None) -> tuple[float, tuple[str, ...]]:
    """How many values are one metre, and what was assumed."""
    if stated is not None:
        if not stated > 0:
            raise DataError(f"unit={stated}: expected how many values of a file are one metre.")
        return float(stated), ()
    most, are_whole = 0.0, True
    for name in _some(files):
        path = tree.path(name)
        try:
            depth = decode_depth(read_bytes(path), name)
        except DataError as error:
            raise DataError(f"{path}: {error}") from error
        are_whole &= bool(np.issubdtype(depth.dtype, np.integer))
        most = max(most, float(np.nanmax(depth, initial=0, where=np.isfinite(depth))))
    unit = _MILLIMETRES if are_whole else 1.0
    word = "millimetres" if are_whole else "metres"
    return unit, (
        f"no file says the unit of depth: {word} are assumed, with which the farthest of the maps "
        f"that were looked at is {_metres(most / unit)} m; otherwise --unit says how many values "
        "are one metre",
    )


def _metres(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def _values(tree: Tree, files: list[str]) -> MapValues:
    """Which value is positive: 1 if nothing is above it but 255 as void, else white or grey."""
    found: set[int] = set()
    for name in _some(files):
        if not name.lower().endswith(".mat"):
            path = tree.path(name)
            try:
                found |= set(np.unique(decode_grey(read_bytes(path))).tolist())
            except DataError as error:
                raise DataError(f"{path}: {error}") from error
    positive = 1 if 1 in found and found <= {0, 1, _WHITE} else _WHITE
    return MapValues(labels={0: 0, positive: 1})


def _some(files: list[str]) -> list[str]:
    step = max(1, len(files) // _LOOKED_AT)
    return files[::step]


DEPTH = _format("depth", "folders of depth maps")
NORMALS = _format("normals", "folders of surface normals")
BOUNDARY = _format("boundary", "folders of boundaries")
SALIENCY = _format("saliency", "folders of saliency maps")
