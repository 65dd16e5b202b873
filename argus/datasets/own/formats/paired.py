"""Folders of pictures beside folders of maps: which file belongs to which.

By convention the folders are called alike but for one step (``images/train``, ``masks/train``), or
the files but for an end (``a.jpg``, ``a_mask.png``).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from argus.datasets.own.folder_words import MAP_WORDS, PICTURE_WORDS
from argus.datasets.own.stated_names import alike
from argus.datasets.own.tree import Tree, folder_of, part_of, stem_of
from argus.files.pictures import PICTURE_SUFFIXES

_PICTURE_ENDS = ("image", "img", "rgb", "color", "colour", "leftimg8bit", "im", "sat")
_MAP_ENDS = (
    *("mask", "masks", "label", "labels", "labelids", "labeltrainids", "gt", "seg", "segmentation"),
    *("depth", "depths", "normal", "normals", "edge", "edges", "boundary", "saliency", "sod"),
    *("gtfine_labelids", "gtfine_labeltrainids", "l", "annotation", "semantic", "disp"),
)
_PIXELS = (".png", ".bmp", ".tif", ".tiff", ".gif", ".pgm", ".jpg", ".jpeg")
_MAP_SUFFIXES = dict(
    semantic=_PIXELS,
    depth=(*_PIXELS, ".npy"),
    normals=_PIXELS,
    boundary=(*_PIXELS, ".mat"),
    saliency=_PIXELS,
)


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """Pictures with their maps.

    Args:
        maps: Map of each picture that has one.
        without: Pictures of the same folders that have none.
        strays: Maps without a picture.
        folders: Of the maps.
    """

    maps: Mapping[str, str]
    without: tuple[str, ...]
    strays: tuple[str, ...]
    folders: tuple[str, ...]


def pairs(tree: Tree, kind: str) -> Pairs | None:
    """The maps of a kind beside their pictures; ``None`` if no folder or file is called so."""
    folders = [f for f in tree.folders if is_called(f, MAP_WORDS[kind]) is not None]
    found: dict[str, str] = {}
    strays: list[str] = []
    used: list[str] = []
    pictures: set[str] = set()
    for folder in folders:
        files = [n for n in tree.folders[folder] if n.lower().endswith(_MAP_SUFFIXES[kind])]
        if kind == "boundary" and is_called(folder, ("groundtruth",)) is not None:  # BSDS500's
            files = [name for name in files if name.endswith(".mat")]
        if not files:
            continue
        beside = _pictures_beside(tree, folder, MAP_WORDS[kind], files)
        if beside is None:
            strays += files
            continue
        matched = match(beside, files)
        found |= matched
        pictures |= set(beside)
        strays += sorted(set(files) - set(matched.values()))
        used.append(folder)
    if not found:
        found, pictures, used = _in_one_folder(tree, kind)
        strays = []
    if not found:
        return None
    return Pairs(
        maps=found,
        without=tuple(sorted(pictures - set(found))),
        strays=tuple(strays),
        folders=tuple(used),
    )


def match(pictures: Iterable[str], maps: Iterable[str]) -> dict[str, str]:
    """The map of each picture, by names that are equal, or equal without their common ends."""
    maps = list(maps)
    by_stem = {stem_of(name): name for name in maps}
    by_key: dict[str, list[str]] = {}
    for name in maps:
        by_key.setdefault(_key(alike(stem_of(name)), _MAP_ENDS), []).append(name)
    found = {}
    for picture in pictures:
        stem = stem_of(picture)
        # "img" is a part of the name in img_7.jpg and img_7_mask.png, and an end in 7_img.png.
        whole, bare = alike(stem), _key(alike(stem), _PICTURE_ENDS)
        same = by_key.get(whole) or by_key.get(bare, [])
        if stem in by_stem:
            found[picture] = by_stem[stem]
        elif len(same) == 1:
            found[picture] = same[0]
        elif len(same) > 1:  # Cityscapes has one of ids and one of colours for each
            ids = [name for name in same if "labelid" in name.lower()]
            if len(ids) == 1:
                found[picture] = ids[0]
    return found


def _key(stem: str, ends: Sequence[str]) -> str:
    """The stem without the suffix of its picture, or one of the words at its end or beginning."""
    if stem.lower().endswith(PICTURE_SUFFIXES):  # a.jpg.png
        stem = stem.rpartition(".")[0]
    for end in sorted(ends, key=len, reverse=True):
        for pattern in (rf"(.+)[_\-. ]{end}", rf"{end}[_\-. ](.+)"):
            found = re.fullmatch(pattern, stem, re.IGNORECASE)
            if found:
                return found.group(1)
    return stem


def is_called(folder: str, words: Sequence[str]) -> int | None:
    """Place of the last step of a folder that is one of the words; ``None`` if none is."""
    steps = PurePosixPath(folder).parts
    for place in reversed(range(len(steps))):
        if _is_one_of(steps[place], words):
            return place
    return None


def _is_one_of(step: str, words: Sequence[str]) -> bool:
    """Whether a folder is called by a word, or by one and a part: ``masks``, ``train_masks``."""
    name = re.sub(r"[\s\-.]", "_", step.lower())
    if name in words:
        return True
    pieces = [piece for piece in name.split("_") if part_of(piece) is None]
    return len(pieces) < len(name.split("_")) and "_".join(pieces) in words


def _pictures_beside(
    tree: Tree, folder: str, words: Sequence[str], maps: Sequence[str]
) -> tuple[str, ...] | None:
    """The pictures of the folder that is called alike, of which most fit."""
    steps = list(PurePosixPath(folder).parts)
    place = is_called(folder, words)
    assert place is not None
    before, behind = steps[:place], steps[place + 1 :]
    best, most = None, 0
    for other in tree.picture_folders:
        own = list(PurePosixPath(other).parts)
        if other == folder or own[: len(before)] != before:
            continue
        rest = own[len(before) :]
        if behind and rest[-len(behind) :] != behind:
            continue
        middle = rest[: len(rest) - len(behind)]
        if len(middle) > 2 or (middle and not _is_picture_word(middle[-1])):
            continue
        number = len(match(tree.picture_folders[other], maps))
        if number > most:
            best, most = tree.picture_folders[other], number
    return best


def _is_picture_word(step: str) -> bool:
    """Whether a folder may be one of pictures: it is called so, or by no word for maps."""
    name = step.lower()
    return name in PICTURE_WORDS or not any(_is_one_of(step, ws) for ws in MAP_WORDS.values())


def _in_one_folder(tree: Tree, kind: str) -> tuple[dict[str, str], set[str], list[str]]:
    """Maps that lie beside their pictures and have an end that says what they are."""
    ends = dict(
        semantic=("mask", "masks", "label", "labels", "seg", "gt", "labelids"),
        depth=("depth",),
        normals=("normal", "normals"),
        boundary=("edge", "edges", "boundary"),
        saliency=("saliency", "sod"),
    )[kind]
    found: dict[str, str] = {}
    all_pictures: set[str] = set()
    used: list[str] = []
    for folder, names in tree.folders.items():
        files = [name for name in names if name.lower().endswith(_MAP_SUFFIXES[kind])]
        maps = [name for name in files if _key(stem_of(name), ends) != stem_of(name)]
        pictures = [name for name in tree.picture_folders.get(folder, ()) if name not in maps]
        matched = match(pictures, maps) if maps else {}
        if matched:
            found |= matched
            all_pictures |= set(pictures)
            used.append(folder)
    return found, all_pictures, used


def folders_text(tree: Tree, found: Pairs) -> str:
    """Where pictures and maps lie, for a person."""
    pictures = sorted({folder_of(name) or "." for name in found.maps})
    maps = sorted({folder_of(name) or "." for name in found.maps.values()})
    return f"{', '.join(pictures[:3])} and {', '.join(maps[:3])}"
