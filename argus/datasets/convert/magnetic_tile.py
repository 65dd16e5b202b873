"""Magnetic tile defects in the layout of MVTec AD, as one category.

Published are ``MT_<Defect>/Imgs/*.jpg`` with a mask ``*.png`` of the same name, and ``MT_Free``
without defect. Of the 952 flawless tiles 350 train and 150 test; which, is stored here.
"""

import re
from pathlib import Path

from argus.datasets.convert.archives import Member, extract
from argus.datasets.convert.conversion import Converter, Options
from argus.datasets.convert.small_splits import small_split
from argus.datasets.convert.whole_files import list_names

_DEFECTS = ("blowhole", "break", "crack", "fray", "uneven")
_SPLITS = ("train", "test")
_WANTED = re.compile(r"(?:^|/)MT_(\w+)/Imgs/([\w-]+)\.(jpg|png)$")
_HELP = """\
  the repository of the data as an archive, or its folder
    from https://github.com/abin24/Magnetic-tile-defect-datasets.
Licence: research; cite Huang et al., The Visual Computer 2018."""


def _place(member: Member) -> str | None:
    match = _WANTED.search("/".join(member.parts))
    if match is None:
        return None
    kind, name, suffix = match[1].lower(), match[2], match[3]
    if kind in _DEFECTS:
        if suffix == "png":
            return f"tile/ground_truth/{kind}/{name}_mask.png"
        return f"tile/test/{kind}/{name}.jpg"
    if kind != "free" or suffix != "jpg":
        return None
    for split in _SPLITS:
        if name in small_split(f"tile_{split}"):
            return f"tile/{split}/good/{name}.jpg"
    return None


def _convert(source: Path, out: Path, options: Options) -> None:
    extract(source, out, _place, title="magnetic tiles")


def _count(out: Path) -> dict[str, int]:
    tile = out / "tile"
    counts = {f"{split} good": len(list_names(tile / split / "good", ".jpg")) for split in _SPLITS}
    for kind in _DEFECTS:
        counts[f"test {kind}"] = len(list_names(tile / "test" / kind, ".jpg"))
        counts[f"{kind} masks"] = len(list_names(tile / "ground_truth" / kind, ".png"))
    return counts


MAGNETIC_TILE = Converter(
    name="magnetic-tile",
    title="Magnetic tile defects",
    default_out="data/small/magnetic_tile",
    help=_HELP,
    convert=_convert,
    count=_count,
)
