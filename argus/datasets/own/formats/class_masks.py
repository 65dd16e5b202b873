"""A mask for each class of a picture; what none of them covers is the background.

``masks/<picture>/<class>.png``, ``masks/<class>/<picture>.png`` or
``masks/<picture>_<class>.png``.
"""

from collections import Counter, defaultdict
from pathlib import PurePosixPath

from argus.datasets.own.folder_words import MAP_WORDS
from argus.datasets.own.formats.format import Clue, Format, Options
from argus.datasets.own.formats.paired import is_called, pairs
from argus.datasets.own.record import OwnData, OwnPicture, sorted_pictures
from argus.datasets.own.tree import Tree, folder_of, part_of, stem_of
from argus.errors import DataError
from argus.names.wording import counted, listed

_BACKGROUND = "background"


def _clue(tree: Tree) -> Clue | None:
    paired = pairs(tree, "semantic")
    found = _masks(tree)
    if not found or (paired is not None and len(paired.maps) >= len(found)):
        return None
    classes = {name for masks in found.values() for name in masks}
    if len(classes) < 2 or not any(len(masks) > 1 for masks in found.values()):
        return None
    return Clue(
        sure=True,
        why=f"{counted(len(found), 'picture has a mask', 'pictures have a mask')} for each of "
        f"{listed(sorted(classes))}",
    )


def _masks(tree: Tree) -> dict[str, dict[str, str]]:
    """The masks of every picture by class."""
    words = MAP_WORDS["semantic"]
    place = {folder: is_called(folder, words) for folder in tree.picture_folders}
    stems: dict[str, list[str]] = defaultdict(list)
    for folder, names in tree.picture_folders.items():
        for name in names if place[folder] is None else ():
            stems[stem_of(name)].append(name)
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for folder, names in tree.picture_folders.items():
        start = place[folder]
        if start is None:
            continue
        below = [s for s in PurePosixPath(folder).parts[start + 1 :] if part_of(s) is None]
        part = part_of(folder)
        for name in names:
            pair = _named(name, below, stems)
            picture = _of_part(stems.get(pair[0], []), part) if pair else None
            if pair and picture:
                found[picture][pair[1]] = name
    return found


def _named(name: str, below: list[str], stems: dict[str, list[str]]) -> tuple[str, str] | None:
    """Stem of the picture, and the class, that the path of a mask says."""
    stem = stem_of(name)
    if below:
        return (below[-1], stem) if below[-1] in stems else (stem, below[-1])
    for place in range(len(stem) - 1, 0, -1):
        if stem[place] in "_-" and stem[:place] in stems:
            return stem[:place], stem[place + 1 :]
    return None


def _of_part(pictures: list[str], part: str | None) -> str | None:
    fitting = [name for name in pictures if part is None or part_of(folder_of(name)) == part]
    return fitting[0] if len(fitting) == 1 else None


def _read(tree: Tree, options: Options) -> OwnData:
    found = _masks(tree)
    if not found:
        raise DataError(
            f"{tree.given}: no masks of classes; expected masks/<picture>/<class>.png, "
            "masks/<class>/<picture>.png or masks/<picture>_<class>.png beside images/."
        )
    numbers = Counter(name for masks in found.values() for name in masks)
    others = sorted(name for name in numbers if name != _BACKGROUND)
    pictures = [
        OwnPicture(path=name, part=part_of(folder_of(name)), class_maps=masks)
        for name, masks in found.items()
    ]
    return OwnData(
        format=FORMAT.name,
        root=tree.root,
        pictures=sorted_pictures(pictures),
        classes=(_BACKGROUND, *others),
        kinds=("semantic",),
        notes=("where masks of several classes lie on each other, the later in the list counts",),
    )


FORMAT = Format(
    name="class_masks",
    title="a mask for each class",
    clue=_clue,
    read=_read,
    kinds=("semantic",),
)
