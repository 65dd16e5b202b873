"""BSDS500 as it is published, and SOD's masks, whose pictures are some of its own."""

import re
from pathlib import Path

from argus.datasets.convert.archives import Member, extract
from argus.datasets.convert.conversion import Converter, Options
from argus.datasets.convert.whole_files import list_names

_SPLITS = ("train", "val", "test")
_BSDS = re.compile(
    r"(?:^|/)(images/(?:train|val|test)/\d+\.jpg|groundTruth/(?:train|val|test)/\d+\.mat)$"
)
_SOD = re.compile(r"(?:^|/)(?:SOD|masks)/(\d+\.png)$")
_BSDS_HELP = """\
  BSR_bsds500.tgz of Berkeley, or the repository that keeps its data, as an archive
    from https://github.com/BIDS/BSDS500
Licence: non-commercial research."""
_SOD_HELP = """\
  the repository of a toolbox of the field, which has the masks, as an archive
    from https://github.com/ArcherFMY/sal_eval_toolbox (tools/GroundTruth/SOD)
The pictures are those of BSDS500.
Licence: research."""


def _convert_bsds(source: Path, out: Path, options: Options) -> None:
    extract(source, out, lambda member: _found(_BSDS, member), title="BSDS500")


def _convert_sod(source: Path, out: Path, options: Options) -> None:
    def place(member: Member) -> str | None:
        name = _found(_SOD, member)
        return None if name is None else f"masks/{name}"

    extract(source, out, place, title="SOD")


def _found(pattern: re.Pattern[str], member: Member) -> str | None:
    match = pattern.search("/".join(member.parts))
    return None if match is None else match[1]


def _count_bsds(out: Path) -> dict[str, int]:
    counts = {}
    for split in _SPLITS:
        counts[f"{split} images"] = len(list_names(out / "images" / split, ".jpg"))
        counts[f"{split} boundaries"] = len(list_names(out / "groundTruth" / split, ".mat"))
    return counts


def _count_sod(out: Path) -> dict[str, int]:
    return {"masks": len(list_names(out / "masks", ".png"))}


BSDS500 = Converter(
    name="bsds500",
    title="BSDS500",
    default_out="data/small/bsds500",
    help=_BSDS_HELP,
    convert=_convert_bsds,
    count=_count_bsds,
)
SOD = Converter(
    name="sod",
    title="SOD",
    default_out="data/small/sod",
    help=_SOD_HELP,
    convert=_convert_sod,
    count=_count_sod,
)
