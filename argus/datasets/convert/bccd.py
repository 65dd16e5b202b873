"""BCCD as it is published: boxes of blood cells in Pascal VOC files."""

import re
from pathlib import Path

from argus.datasets.convert.archives import Member, extract
from argus.datasets.convert.conversion import Converter, Options
from argus.datasets.convert.whole_files import list_names

_SPLITS = ("train", "val", "test")
_WANTED = re.compile(
    r"(?:^|/)(Annotations/\w+\.xml|JPEGImages/\w+\.jpg|ImageSets/Main/(?:train|val|test)\.txt)$"
)
_HELP = """\
  the repository of the data as an archive, or its folder BCCD
    from https://github.com/Shenggan/BCCD_Dataset
Licence: MIT."""


def _place(member: Member) -> str | None:
    match = _WANTED.search("/".join(member.parts))
    return None if match is None else match[1]


def _convert(source: Path, out: Path, options: Options) -> None:
    extract(source, out, _place, title="BCCD")


def _count(out: Path) -> dict[str, int]:
    counts = {
        "pictures": len(list_names(out / "JPEGImages", ".jpg")),
        "annotations": len(list_names(out / "Annotations", ".xml")),
    }
    for split in _SPLITS:
        path = out / f"ImageSets/Main/{split}.txt"
        listed = path.read_bytes().split() if path.is_file() else []
        counts[f"{split} pictures"] = len(listed)
    return counts


BCCD = Converter(
    name="bccd",
    title="BCCD, blood cells",
    default_out="data/small/bccd",
    help=_HELP,
    convert=_convert,
    count=_count,
)
