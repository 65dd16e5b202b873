"""PASCAL-Context, PASCAL-Part and VOC 2010 as their owners publish them, without ASTMT's archive.

Both ``trainval.tar.gz``: PASCAL-Part's holds ``Annotations_Part/*.mat``, PASCAL-Context's
``trainval/*.mat`` with ``LabelMap`` of 459 classes, of which the 20 of VOC become semantic labels
where VOC has none itself. What trains and what validates is said by ``phase`` of the pictures in
``trainval_merged.json``, or by the lists that are made of it (``ImageSets/SegmentationContext``).
Saliency and normals, which ASTMT's networks predicted, are not in these files.
"""

import re
import shutil
from pathlib import Path
from typing import Any

from argus.datasets.checks.coco_entries import read_annotations
from argus.datasets.convert import pascal
from argus.datasets.convert.archives import Member, extract
from argus.datasets.convert.conversion import STATE_FOLDER, Converter, Options
from argus.datasets.convert.places import checked_name
from argus.datasets.convert.whole_files import write_lines
from argus.errors import DataError

_LISTS = "trainval_merged.json"
_NAME = r"\d{4}_\d{6}"
# The folder of a file and its name, and where it belongs in ASTMT's tree.
_PLACES = (
    (re.compile(rf"JPEGImages/({_NAME}\.jpg)"), "JPEGImages"),
    (re.compile(rf"Annotations_Part/({_NAME}\.mat)"), "human_parts"),
    (re.compile(rf"trainval/({_NAME}\.mat)"), "pascal-context/trainval"),
    (re.compile(rf"SegmentationClass/({_NAME}\.png)"), "semseg/VOC12"),
    (re.compile(r"SegmentationContext/((?:train|val)\.txt)"), "ImageSets/Context"),
)
_HELP = """\
  VOCtrainval_03-May-2010.tar
    from http://host.robots.ox.ac.uk/pascal/VOC/voc2010
  trainval.tar.gz of PASCAL-Context
    from https://cs.stanford.edu/~roozbeh/pascal-context
  trainval_merged.json
    from https://codalabuser.blob.core.windows.net/public/trainval_merged.json
  trainval.tar.gz of PASCAL-Part, into a folder of its own
    from http://roozbehm.info/pascal-parts/pascal-parts.html
Licence: PASCAL VOC images under the terms of Flickr; PASCAL-Context and PASCAL-Part state none, in
use for research."""


def _place(member: Member) -> str | None:
    inside = "/".join(member.parts[-2:])
    for pattern, folder in _PLACES:
        if match := pattern.fullmatch(inside):
            return f"{folder}/{match[1]}"
    return _LISTS if member.parts[-1] == _LISTS else None


def _phase(item: dict[str, Any]) -> Any:
    """What stands in the place of an object of the lists' file: it has gigabytes of annotations."""
    if "images" in item:
        return item["images"]
    return (item["phase"], item["file_name"]) if {"phase", "file_name"} <= item.keys() else None


def write_lists(path: Path, folder: Path) -> None:
    """Lists of the training and validation pictures of ``trainval_merged.json``.

    Args:
        path: The file.
        folder: Of the lists ``train.txt`` and ``val.txt``.

    Raises:
        DataError: It is another file.
    """
    pairs = read_annotations(path, object_hook=_phase)
    names: dict[str, list[str]] = {"train": [], "val": []}
    for pair in pairs if isinstance(pairs, list) else ():
        if isinstance(pair, tuple) and pair[0] in names:
            name = checked_name(str(pair[1]), said_by=str(path), parts=1)
            names[pair[0]].append(name.removesuffix(".jpg"))
    if not all(names.values()):
        raise DataError(
            f"{path}: expected 'images' with 'file_name' and 'phase' train or val (PASCAL-Context)."
        )
    for split, listed in names.items():
        write_lines(folder / f"{split}.txt", sorted(listed))


def _convert(source: Path, out: Path, options: Options) -> None:
    root = out / STATE_FOLDER / "pascal-parts"
    extract(source, root, _place, title="PASCAL")
    if (root / _LISTS).is_file():
        write_lists(root / _LISTS, root / "ImageSets/Context")
    if not (root / pascal.LISTS[0]).is_file():
        raise DataError(f"{source}: no {_LISTS} in it. Expected:\n{_HELP}")
    for kind in ("human_parts", "pascal-context/trainval"):
        if not (root / kind).is_dir():
            raise DataError(f"{source}: no file for {kind} in it. Expected:\n{_HELP}")
    pascal.convert_tree(root, out, options)
    shutil.rmtree(root, ignore_errors=True)


PASCAL_PARTS = Converter(
    name="pascal-parts",
    title="PASCAL-Context and PASCAL-Part, the originals",
    default_out="data/pascal_mt",
    help=_HELP,
    convert=_convert,
    count=pascal.count,
    names=pascal.names,
    excludes=("pascal",),
)
