"""NAVI's collections in the wild: pictures of objects with their cameras and depth."""

import re
from pathlib import Path

from argus.datasets.convert.archives import Member, extract
from argus.datasets.convert.conversion import Converter, Options
from argus.datasets.convert.whole_files import list_names
from argus.datasets.own.texts import read_json
from argus.errors import DataError

_WANTED = re.compile(
    r"(?:^|/)([^/]+/wild_set/(?:annotations\.json|images/[^/]+\.jpg|depth/[^/]+\.png))$"
)
_SMALLER = "downsampled_"
_MAX_JSON_BYTES = 64 * 2**20
_HELP = """\
  navi_v1.0.tar.gz (16 GB) or navi_v1.5.tar.gz (30 GB), of which wild_set/ is used
    from https://github.com/google/navi
Licence: see https://navidataset.github.io/"""


def _place(member: Member) -> str | None:
    match = _WANTED.search("/".join(member.parts))
    return None if match is None else match[1]


def _convert(source: Path, out: Path, options: Options) -> None:
    extract(source, out, _place, title="NAVI")


def _scenes(out: Path) -> list[Path]:
    return sorted(out.glob("*/wild_set/annotations.json"))


def _count(out: Path) -> dict[str, int]:
    counts = {"wild collections": len(_scenes(out))}
    for what, folder, suffix in (
        ("wild images", "images", ".jpg"),
        ("wild depth maps", "depth", ".png"),
    ):
        names = [name for path in _scenes(out) for name in list_names(path.parent / folder, suffix)]
        # Some keep smaller copies beside the pictures.
        counts[what] = sum(not name.startswith(_SMALLER) for name in names)
    return counts


def _read(out: Path) -> dict[str, int]:
    files = _scenes(out)
    lists = [read_json(file, most=_MAX_JSON_BYTES) for file in files]
    for file, content in zip(files, lists, strict=True):
        if not isinstance(content, list):
            raise DataError(f"{file}: expected a list of pictures with their cameras.")
    return {"wild cameras": sum(map(len, lists))} if files else {}


NAVI = Converter(
    name="navi",
    title="NAVI, in the wild",
    default_out="data/navi",
    help=_HELP,
    convert=_convert,
    count=_count,
    read=_read,
)
