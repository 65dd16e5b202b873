"""A folder for each class, with its pictures in it; parts of the data are folders above these."""

from collections import Counter
from pathlib import PurePosixPath

from argus.datasets.own.folder_words import MAP_WORDS, PICTURE_WORDS
from argus.datasets.own.formats.format import Clue, Format, Options
from argus.datasets.own.record import OwnData, OwnPicture, sorted_pictures
from argus.datasets.own.tree import Tree, folder_of, part_of
from argus.errors import DataError
from argus.files.foreign import is_clutter
from argus.names.wording import counted, listed

_NO_CLASSES = {*PICTURE_WORDS, *(word for words in MAP_WORDS.values() for word in words)}


def _clue(tree: Tree) -> Clue | None:
    found = _classes(tree)
    # Folders of pictures of any kind look the same.
    if len(found) < 2 or doubtful(tree):
        return None
    return Clue(
        sure=all(number > 1 for number in found.values()),
        why=f"{counted(len(found), 'folder')} with pictures and no file of labels: "
        f"{listed(sorted(found))}",
    )


def doubtful(tree: Tree) -> list[str]:
    """Folders that may be classes, but that one is called as folders of pictures or maps are."""
    found = sorted(_classes(tree))
    is_called_so = any(name.lower() in _NO_CLASSES for name in found)
    return found if len(found) > 1 and is_called_so else []


def _classes(tree: Tree) -> Counter[str]:
    return Counter(label for label, _ in _labels(tree).values())


def _labels(tree: Tree) -> dict[str, tuple[str, str | None]]:
    """Class and part of every picture in a folder."""
    steps = {name: PurePosixPath(name).parts[:-1] for name in tree.pictures}
    steps = {name: folders for name, folders in steps.items() if folders}
    while steps and len({folders[0] for folders in steps.values()}) == 1:
        if not all(len(folders) > 1 for folders in steps.values()):
            return {}
        steps = {name: folders[1:] for name, folders in steps.items()}
    # "train" is a class beside "bus", and a part beside "val".
    if all(_is_part(folders[0]) for folders in steps.values()):
        return {
            name: (folders[1], part_of(folders[0]))
            for name, folders in steps.items()
            if len(folders) > 1
        }
    return {name: (folders[0], None) for name, folders in steps.items()}


def _is_part(step: str) -> bool:
    word = step.lower().strip("0123456789_-")
    return word.isalpha() and part_of(word) is not None


def _read(tree: Tree, options: Options) -> OwnData:
    found = _classes(tree)
    if not found:
        raise DataError(f"{tree.given}: no pictures in folders; expected one folder for a class.")
    labels = _labels(tree)
    pictures = [
        OwnPicture(path=name, part=part, labels=(label,)) for name, (label, part) in labels.items()
    ]
    loose = [name for name in tree.pictures if name not in labels]
    notes = [
        f"{counted(len(loose), 'picture is in no', 'pictures are in no')} folder of a class: "
        f"{listed(loose[:5])}"
    ]
    unread = tree.with_suffix(".csv", ".tsv", ".json", ".xml")
    doubts = [f"the folders alone say the classes; what {listed(unread)} says is not read"]
    return OwnData(
        format=FORMAT.name,
        root=tree.root,
        pictures=sorted_pictures(pictures),
        classes=tuple(sorted(found)),
        kinds=("classification",),
        notes=(*notes[: len(loose)], *_empty(tree, found)),
        doubts=tuple(doubts[: len(unread)]),
    )


def _empty(tree: Tree, classes: Counter[str]) -> list[str]:
    """A note on folders that look like those of classes, but that nothing is in them."""
    beside = {
        folder_of(folder)
        for folder in tree.picture_folders
        if PurePosixPath(folder).name in classes
    }
    found = [
        f"{parent}/{path.name}".lstrip("/")
        for parent in sorted(beside)
        for path in sorted(tree.path(parent).iterdir())
        if path.is_dir() and not is_clutter(path.name)
    ]
    empty = [folder for folder in found if folder not in tree.all_folders]
    beside_them = "beside those of the classes"
    are = counted(len(empty), f"folder {beside_them} is", f"folders {beside_them} are")
    return [f"{are} empty, and no class: {listed(empty)}"] if empty else []


FORMAT = Format(
    name="class_folders",
    title="a folder for each class",
    clue=_clue,
    read=_read,
    kinds=("classification",),
    is_last=True,
)
