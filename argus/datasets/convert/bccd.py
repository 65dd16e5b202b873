"""BCCD as it is published: boxes of blood cells in Pascal VOC files."""

import re
from pathlib import Path

from argus.datasets.convert.archives import Member, extract
from argus.datasets.convert.conversion import Converter, Count, Options
from argus.datasets.convert.files import list_names

_SPLITS = {"train": 205, "val": 87, "test": 72}
_NUM_PICTURES = 364
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


def _count(out: Path) -> list[Count]:
    counts = [
        Count("pictures", len(list_names(out / "JPEGImages", ".jpg")), _NUM_PICTURES),
        Count("annotations", len(list_names(out / "Annotations", ".xml")), _NUM_PICTURES),
    ]
    for split, number in _SPLITS.items():
        path = out / f"ImageSets/Main/{split}.txt"
        listed = path.read_bytes().split() if path.is_file() else []
        counts.append(Count(f"{split} pictures", len(listed), number))
    return counts


BCCD = Converter(
    name="bccd",
    title="BCCD, blood cells",
    default_out="data/small/bccd",
    help=_HELP,
    convert=_convert,
    count=_count,
)
