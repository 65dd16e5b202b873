"""COCO 2014 in Karpathy's parts, for retrieval: validation pictures, and one file of captions."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from argus.datasets.convert.archives import Member, extract
from argus.datasets.convert.conversion import Converter, Names, Options
from argus.datasets.convert.whole_files import list_names
from argus.datasets.karpathy import COCO_FILE, read_karpathy

_FOLDER = "val2014"
_PICTURE = re.compile(r"COCO_val2014_\d{12}\.jpg")
_PARTS = ("test", "val", "restval")
_HELP = """\
  caption_datasets.zip, of which dataset_coco.json is used
    from https://cs.stanford.edu/people/karpathy/deepimagesent/
  val2014.zip
    from https://cocodataset.org/#download
Licence: annotations CC BY 4.0; images under the terms of Flickr."""


def _place(member: Member) -> str | None:
    name = member.parts[-1]
    if name == COCO_FILE:
        return name
    return f"{_FOLDER}/{name}" if _PICTURE.fullmatch(name) else None


def _convert(source: Path, out: Path, options: Options) -> None:
    extract(source, out, _place, title="COCO 2014 in Karpathy's parts")


def _count(out: Path) -> dict[str, int]:
    return {"val2014 images": len(list_names(out / _FOLDER, ".jpg"))}


def _names(out: Path) -> Iterator[Names]:
    """The pictures that the file names."""
    if (out / COCO_FILE).is_file():
        paths = [PurePosixPath(item.path) for item in read_karpathy(out / COCO_FILE)]
        wanted = [path.name for path in paths if path.parent.name == _FOLDER]
        yield Names("val2014 images", wanted, list_names(out / _FOLDER, ".jpg"))


def _read(out: Path) -> dict[str, int]:
    if not (out / COCO_FILE).is_file():
        return {}
    found = read_karpathy(out / COCO_FILE)
    pictures = Counter(item.split for item in found)
    counts = {f"{part} images": pictures[part] for part in _PARTS}
    counts["test captions"] = sum(len(item.captions) for item in found if item.split == "test")
    return counts


COCO_KARPATHY = Converter(
    name="coco-karpathy",
    title="COCO 2014 in Karpathy's parts",
    default_out="data/coco_karpathy",
    help=_HELP,
    convert=_convert,
    count=_count,
    names=_names,
    read=_read,
)
