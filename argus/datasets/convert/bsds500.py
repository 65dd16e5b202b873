"""BSDS500 as it is published, and SOD's masks, whose pictures are some of its own."""

import re
from pathlib import Path

from argus.datasets.convert.archives import Member, extract
from argus.datasets.convert.conversion import Converter, Count, Options
from argus.datasets.convert.files import list_names

_SPLITS = {"train": 200, "val": 100, "test": 200}
_NUM_MASKS = 300
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


def _count_bsds(out: Path) -> list[Count]:
    counts = []
    for split, number in _SPLITS.items():
        images = list_names(out / "images" / split, ".jpg")
        people = list_names(out / "groundTruth" / split, ".mat")
        counts += [
            Count(f"{split} images", len(images), number),
            Count(f"{split} boundaries", len(people), number),
        ]
    return counts


def _count_sod(out: Path) -> list[Count]:
    return [Count("masks", len(list_names(out / "masks", ".png")), _NUM_MASKS)]


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
