"""Pictures and captions as people have them: tables, texts beside pictures, COCO's file."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from argus.datasets.own.texts import read_csv, read_json, read_text
from argus.datasets.own.tree import Tree, folder_of, part_of
from argus.errors import ConfigError, DataError
from argus.names.wording import counted, listed

PATH_COLUMNS = (
    *("path", "file", "filename", "file_name", "filepath", "file_path", "image", "image_path"),
    *("img", "img_path", "picture"),
)
CAPTION_COLUMNS = ("caption", "captions", "text", "title", "description", "sentence")
PART_COLUMNS = ("split", "part", "subset")
_MAX_TEXT_BYTES = 2**20


@dataclass(kw_only=True)
class OwnCaptions:
    """Captions by picture, as they were found.

    Args:
        format: Key of :data:`FORMATS`.
        captions: By the path of the picture below the folder.
        parts: ``train``, ``val`` or ``test`` of pictures of which the data say it.
        missing: Paths that name no picture of the folder.
        num_rows: How many captions name a picture.
    """

    format: str
    captions: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    parts: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    num_rows: int = 0

    def add(self, tree: Tree, stated: str, caption: str, *, near: str, part: str | None) -> None:
        """Take a row of a table."""
        self.num_rows += 1
        name = tree.find(stated, near=near, part=part)
        if name is None:
            self.missing.append(stated)
            return
        self.captions[name].append(caption)
        if part is not None:
            self.parts[name] = part


def read_captions(tree: Tree, format: str | None) -> OwnCaptions:
    """Read pictures and captions.

    Args:
        tree: The folder, or one file of labels in it.
        format: Key of :data:`FORMATS`; ``None`` for the only one that fits.

    Raises:
        ConfigError: There is no such format.
        DataError: None or several fit, or a file cannot be read.
    """
    if format is not None and format not in FORMATS:
        raise ConfigError(f"format={format!r}: expected one of {', '.join(FORMATS)}.")
    only = tree.given.name if tree.given.is_file() else None
    fitting = [
        name
        for name, (find, _) in FORMATS.items()
        if (only in find(tree) if only is not None else find(tree))
    ]
    if format is None and len(fitting) != 1:
        found = listed(fitting) if fitting else "none of them"
        raise DataError(
            f"{tree.given}: captions are read from a table (.csv, .tsv, .jsonl) of path and "
            f"caption, from a .txt beside each picture, or from COCO's .json; found {found}. "
            "Name the file, or the format=..."
        )
    format = format or fitting[0]
    if format not in fitting:
        raise DataError(f"{tree.given}: no captions of the format {format!r} are there.")
    find, read = FORMATS[format]
    data = OwnCaptions(format=format)
    for name in find(tree):
        read(tree, name, data)
    if not data.captions:
        raise DataError(
            f"{tree.given}: none of {counted(data.num_rows, 'caption')} is of a picture below "
            f"{tree.root}: {', '.join(data.missing[:3])}."
        )
    return data


def _tables(*suffixes: str) -> Callable[[Tree], Sequence[str]]:
    return lambda tree: tree.with_suffix(*suffixes)


def _read_csv(tree: Tree, name: str, found: OwnCaptions) -> None:
    path = tree.path(name)
    rows = read_csv(path)
    if not rows:
        raise DataError(f"{path}: the table is empty.")
    head = [cell.lower() for cell in rows[0]]
    columns = {
        what: next((head.index(column) for column in known if column in head), None)
        for what, known in _COLUMNS.items()
    }
    body = rows[1:]
    if columns["path"] is None and columns["caption"] is None and len(rows[0]) == 2:
        columns, body = dict(path=0, caption=1, part=None), rows  # without a head
    if columns["path"] is None or columns["caption"] is None:
        raise DataError(
            f"{path}: expected a column of paths ({', '.join(PATH_COLUMNS[:4])}, ...) and one of "
            f"captions ({', '.join(CAPTION_COLUMNS[:3])}, ...) in its first row, found "
            f"{', '.join(rows[0])!r:.100}."
        )
    for row in body:
        cells = {
            what: row[place] if place is not None and place < len(row) else ""
            for what, place in columns.items()
        }
        part = part_of(cells["part"]) if cells["part"] else None
        found.add(tree, cells["path"], cells["caption"], near=folder_of(name), part=part)


_COLUMNS = dict(path=PATH_COLUMNS, caption=CAPTION_COLUMNS, part=PART_COLUMNS)


def _read_jsonl(tree: Tree, name: str, found: OwnCaptions) -> None:
    path = tree.path(name)
    for number, line in _lines(path):
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path}, line {number}: no JSON ({error}).") from error
        values: dict[str, Any] = {
            what: next((entry[key] for key in known if key in entry), None)
            for what, known in _COLUMNS.items()
            if isinstance(entry, dict)
        }
        captions = values.get("caption")
        captions = [captions] if isinstance(captions, str) else captions
        are_texts = isinstance(captions, list) and all(isinstance(c, str) for c in captions)
        stated = values.get("path")
        if not isinstance(stated, str) or not are_texts:
            raise DataError(
                f"{path}, line {number}: expected an object such as "
                f'{{"path": "a.jpg", "caption": "..."}}, found {line:.80}.'
            )
        part = values.get("part")
        for caption in captions or ():
            found.add(
                tree,
                stated,
                caption,
                near=folder_of(name),
                part=part_of(part) if isinstance(part, str) else None,
            )


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(read_text(path, most=2**32).splitlines(), start=1):
        if line.strip():
            yield number, line


def _read_coco(tree: Tree, name: str, found: OwnCaptions) -> None:
    path = tree.path(name)
    content = read_json(path)
    images = {}
    for image in content.get("images") or () if isinstance(content, dict) else ():
        if isinstance(image, dict) and isinstance(image.get("file_name"), str):
            images[image.get("id")] = image["file_name"]
    part = part_of(name)
    for entry in (content.get("annotations") or ()) if images else ():
        caption = entry.get("caption") if isinstance(entry, dict) else None
        if not isinstance(caption, str) or entry.get("image_id") not in images:
            raise DataError(
                f"{path}: expected annotations with image_id and caption, found {entry!r:.100}. "
                "COCO's captions are those of captions_*.json."
            )
        found.add(tree, images[entry["image_id"]], caption, near=folder_of(name), part=part)


def _coco_files(tree: Tree) -> Sequence[str]:
    files = tree.with_suffix(".json")
    # COCO's folder of annotations has files of other labels, too.
    return files if tree.given.is_file() else [name for name in files if "caption" in name.lower()]


def _texts_beside(tree: Tree) -> Sequence[str]:
    """Texts that a picture of their name lies beside."""
    stems = {_stem(name) for name in tree.pictures}
    return [name for name in tree.with_suffix(".txt") if _stem(name) in stems]


def _stem(name: str) -> str:
    return name.rpartition(".")[0]


def _read_beside(tree: Tree, name: str, found: OwnCaptions) -> None:
    lines = read_text(tree.path(name), most=_MAX_TEXT_BYTES).splitlines()
    folder = tree.picture_folders[folder_of(name)]
    for picture in (other for other in folder if _stem(other) == _stem(name)):
        # A picture whose text is empty is one without a caption: counted when it is drawn.
        found.captions[picture] = [line for line in lines if line.strip()]
        found.num_rows += 1
        part = part_of(folder_of(name))
        if part is not None:
            found.parts[picture] = part


FORMATS: dict[
    str, tuple[Callable[[Tree], Sequence[str]], Callable[[Tree, str, OwnCaptions], None]]
] = dict(
    csv=(_tables(".csv", ".tsv"), _read_csv),
    jsonl=(_tables(".jsonl", ".ndjson"), _read_jsonl),
    coco=(_coco_files, _read_coco),
    txt=(_texts_beside, _read_beside),
)
"""How captions are found below a folder, and how one file of them is read."""
