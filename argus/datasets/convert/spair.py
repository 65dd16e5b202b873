"""SPair-71k: pairs of pictures of one class with keypoints, for semantic correspondence."""

import re
from pathlib import Path

from argus.datasets.convert.archives import Member, extract
from argus.datasets.convert.conversion import Converter, Options
from argus.datasets.convert.whole_files import list_names

_WANTED = re.compile(
    r"(?:^|/)(PairAnnotation/(?:trn|val|test)/[^/]+\.json"
    r"|ImageAnnotation/[^/]+/[^/]+\.json|JPEGImages/[^/]+/[^/]+\.jpg)$"
)
_SPLITS = {"train": "trn", "val": "val", "test": "test"}
_HELP = """\
  SPair-71k.tar.gz
    from http://cvlab.postech.ac.kr/research/SPair-71k/
Licence: none stated by its owners; the pictures are those of PASCAL VOC 2012, under the terms of
Flickr."""


def _place(member: Member) -> str | None:
    match = _WANTED.search("/".join(member.parts))
    return None if match is None else match[1]


def _convert(source: Path, out: Path, options: Options) -> None:
    extract(source, out, _place, title="SPair-71k")


def _count(out: Path) -> dict[str, int]:
    counts = {}
    for what, folder, suffix in (
        ("images", "JPEGImages", ".jpg"),
        ("image annotations", "ImageAnnotation", ".json"),
    ):
        found = [len(list_names(path, suffix)) for path in sorted((out / folder).glob("*/"))]
        counts[what] = sum(found)
        counts["classes"] = sum(number > 0 for number in found)
    for split, folder in _SPLITS.items():
        counts[f"{split} pairs"] = len(list_names(out / "PairAnnotation" / folder, ".json"))
    return counts


SPAIR = Converter(
    name="spair",
    title="SPair-71k",
    default_out="data/spair",
    help=_HELP,
    convert=_convert,
    count=_count,
)
