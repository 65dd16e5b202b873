"""What lies in a folder in which no format was recognised, and why it is not read.

Nearly right is what people have most often: a table without a heading, pictures still packed in an
archive, files of a tool that writes other formats as well. One sentence says which, and the remedy.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

from argus.datasets.own.folder_words import MAP_WORDS
from argus.datasets.own.formats import FORMATS, class_folders, csv_labels, yolo
from argus.datasets.own.formats.paired import is_called
from argus.datasets.own.refused import EXPORT
from argus.datasets.own.tree import Tree
from argus.names.wording import counted, listed

_HEAD_BYTES = 64 * 2**10
_LOOKED_AT = 5
_ARCHIVES = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".rar", ".7z")
_VIDEOS = (".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v")
_TEXTS = (".json", ".xml", ".csv", ".tsv", ".txt", ".yaml", ".yml")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
# Words near the beginning of a JSON, and whose it is; all have to be there.
_TOOLS = (
    ((b'"shape_attributes"',), "the VGG Image Annotator", "export COCO from it"),
    ((b'"annotations"', b'"coordinates"', b'"label"'), "CreateML", "export COCO instead"),
    ((b'"classTitle"', b'"objects"'), "Supervisely", "export COCO from it"),
    ((b'"data_row"',), "Labelbox", EXPORT),
    ((b'"Labeled Data"',), "Labelbox", EXPORT),
)
# By the suffix, words near the beginning of the labels of one picture.
_ONE_EACH: dict[str, tuple[bytes, ...]] = {
    ".json": (b'"shapes"', b'"imagePath"'),
    ".xml": (b"<annotation>",),
    ".txt": (),
}
_TASKS = (b'"data"', b'"annotations"', b'"id"')
_COCO = ("images", "annotations", "categories")


def unread(tree: Tree) -> str:
    """Why nothing in a folder is read, without a stop; empty if it has nothing that may be labels.

    Args:
        tree: The folder, in which no format was recognised.
    """
    return next((text for look in _LOOKS for text in look(tree) if text), "")


def _packed(tree: Tree) -> Iterator[str]:
    found = tree.with_suffix(*_ARCHIVES)
    if tree.given.is_file():
        found = (tree.given.name,) if tree.given.name.lower().endswith(_ARCHIVES) else ()
    if found and not tree.pictures or (found and tree.given.is_file()):
        yield f"{listed(found)}: an archive is not read; unpack it and name the folder"


def _single_file(tree: Tree) -> Iterator[str]:
    suffixes = sorted({suffix for form in FORMATS.values() for suffix in form.suffixes})
    if tree.given.is_file() and tree.given.suffix.lower() not in (*suffixes, *_VIDEOS):
        yield f"expected a folder, or a file of labels ({', '.join(suffixes)})"


def _of_one_picture(tree: Tree) -> Iterator[str]:
    """One of the files that labelme, Pascal VOC and YOLO have for every picture."""
    words = _ONE_EACH.get(tree.given.suffix.lower())
    if words is None or not tree.given.is_file():
        return
    head = _head(tree, tree.given.name, _HEAD_BYTES)
    is_beside = any(PurePosixPath(name).stem == tree.given.stem for name in tree.pictures)
    if all(word in head for word in words) and (words or is_beside):
        yield "it has the labels of one picture; name the folder with all of them and the pictures"


def _utf_16(tree: Tree) -> Iterator[str]:
    """Windows writes some texts in two bytes a letter."""
    for name in tree.with_suffix(*_TEXTS)[:_LOOKED_AT]:
        if _head(tree, name, 2) in _UTF_16:
            yield f"{name}: a text in UTF-16; save it as UTF-8"


def _table(tree: Tree) -> Iterator[str]:
    yield from csv_labels.why_not(tree)


def _json(tree: Tree) -> Iterator[str]:
    for name in tree.with_suffix(".json")[:_LOOKED_AT]:
        head = _head(tree, name, _HEAD_BYTES)
        for words, tool, remedy in _TOOLS:
            if all(word in head for word in words):
                yield f"{name}: the JSON of {tool} is not read: {remedy}"
        if all(word in head for word in _TASKS) and b'"result"' not in head:
            yield f"{name}: Label Studio's tasks, and none of them is annotated"
        lacking = [key for key in _COCO if f'"{key}"'.encode() not in head]
        if len(lacking) == 1 and _is_whole(head):
            yield (
                f"{name}: COCO JSON without the list {lacking[0]!r}, which says "
                f"{_SAYS[lacking[0]]}; add it"
            )


_SAYS = dict(
    images="which files the pictures are",
    annotations="what is in the pictures",
    categories="what the classes are called",
)


def _is_whole(head: bytes) -> bool:
    try:
        json.loads(head)
    except (ValueError, RecursionError):  # longer than what was looked at, or damaged
        return False
    return True


def _texts_of_pictures(tree: Tree) -> Iterator[str]:
    """Text files that are called as pictures are, as YOLO's."""
    files = yolo.label_files(tree)
    if not files:
        return
    lines = {name: yolo.first_line(tree, name) for name in files}
    if not any(lines.values()):
        have = counted(len(files), "picture has a", "pictures have a")
        yield f"{have} text file, as of YOLO, and nothing is in any of them"
        return
    name, line = next((name, line) for name, line in lines.items() if line)
    yield (
        f"{name}: {line!r:.80} is no line of YOLO, which has a class by its number and shares of "
        "the picture's size: 0 0.5 0.5 0.2 0.1"
    )


def _list_of_pictures(tree: Tree) -> Iterator[str]:
    """A text file that begins with names of pictures and something behind them."""
    for name in tree.with_suffix(".txt")[:_LOOKED_AT]:
        lines = _head(tree, name, _HEAD_BYTES).decode("utf-8", "replace").splitlines()
        cells = [line.replace(",", " ").split() for line in lines[:_LOOKED_AT]]
        cells = [row for row in cells if len(row) > 1]
        if cells and all(tree.find(row[0]) or tree.find_stem(row[0]) for row in cells):
            yield (
                f"{name}: a list of pictures and labels in a text file is not read: save it as CSV "
                "with a heading such as filename,label or filename,label,xmin,ymin,xmax,ymax"
            )


def _depth(tree: Tree) -> Iterator[str]:
    for name in tree.with_suffix(".npz", ".exr", ".pfm"):
        if any(step.lower() in MAP_WORDS["depth"] for step in PurePosixPath(name).parts[:-1]):
            suffix = PurePosixPath(name).suffix
            yield f"{name}: depth as {suffix} is not read: save it as NPY, or as PNG of 16 bits"


def _has(*suffixes: str, text: str) -> Callable[[Tree], Iterator[str]]:
    def look(tree: Tree) -> Iterator[str]:
        if tree.with_suffix(*suffixes) or tree.given.name.lower().endswith(suffixes):
            yield text

    return look


def _maps_alone(tree: Tree) -> Iterator[str]:
    """Maps, and no pictures that they are of."""
    for kind, words in MAP_WORDS.items():
        for folder, names in tree.picture_folders.items():
            if is_called(folder, words) is not None:
                yield (
                    f"{counted(len(names), 'file')} in {folder}, which is called as {kind} maps "
                    "are, and no pictures of the same names in a folder beside it, such as images"
                )


def _folders(tree: Tree) -> Iterator[str]:
    """Folders that are classes, perhaps, and are called as folders of pictures or maps are."""
    names = class_folders.doubtful(tree)
    if names:
        yield (
            f"{counted(len(tree.pictures), 'picture')} in folders {listed(names)}, which are "
            "called as those of pictures or maps are; if they are classes, format='class_folders' "
            "(--format class_folders); if they are pictures and maps, call the folders images and "
            "masks (or depth, normals, edges, saliency) and let each map have its picture's name"
        )


def _head(tree: Tree, name: str, number: int) -> bytes:
    with tree.path(name).open("rb") as file:
        return file.read(number)


_LOOKS: tuple[Callable[[Tree], Iterator[str]], ...] = (
    _packed,
    _has(".tfrecord", ".record", text=f"TensorFlow records are not read: {EXPORT}"),
    _utf_16,
    _of_one_picture,
    _table,
    _json,
    _texts_of_pictures,
    _list_of_pictures,
    _depth,
    _has(
        *(".h5", ".hdf5"),
        text="HDF5 files, as of NYUv2, are not read: write pictures and 16-bit PNG",
    ),
    _has(
        *_VIDEOS,
        text="a video is not read as data: write its frames as pictures, and label these",
    ),
    _single_file,
    _folders,
    _maps_alone,
)
