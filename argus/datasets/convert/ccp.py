"""Clothing Co-Parsing: the photos that have a label per pixel, reduced, in two parts by number."""

import re
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from argus.datasets.convert import labels
from argus.datasets.convert.archives import Member, extract
from argus.datasets.convert.conversion import STATE_FOLDER, Converter, Options
from argus.datasets.convert.whole_files import is_there, list_names, write_bytes, write_png
from argus.datasets.convert.work import run_jobs
from argus.errors import DataError
from argus.names.wording import counted

_NUM_TRAIN, _NUM_CLASSES = 800, 59
_LONG_SIDE_PX = 400
_JPEG_QUALITY = 90
_WANTED = re.compile(r"(?:^|/)(photos/\d{4}\.jpg|(?:annotations/)?pixel-level/\d{4}\.mat)$")
_HELP = """\
  the repository of the data as an archive, or its folder
    from https://github.com/bearpaw/clothing-co-parsing
Licence: the repository is under Apache-2.0; cite Yang et al., CVPR 2014."""


class _Job(NamedTuple):
    photo: Path
    stored: Path
    out: Path


def _place(member: Member) -> str | None:
    match = _WANTED.search("/".join(member.parts))
    return None if match is None else match[1].removeprefix("annotations/")


def _convert(source: Path, out: Path, options: Options) -> None:
    found = out / STATE_FOLDER / "ccp"
    extract(source, found, _place, title="Clothing Co-Parsing")
    jobs = [
        _Job(found / "photos" / f"{Path(name).stem}.jpg", found / "pixel-level" / name, out)
        for name in list_names(found / "pixel-level", ".mat")
    ]
    for _ in run_jobs(_work, jobs, title="labels", num_processes=options.num_processes):
        pass


def _work(job: _Job) -> None:
    name = job.photo.stem
    split = "train" if int(name) <= _NUM_TRAIN else "val"
    image, target = (
        job.out / folder / split / f"{name}{suffix}"
        for folder, suffix in (("images", ".jpg"), ("labels", ".png"))
    )
    if is_there(image) and is_there(target):
        return
    parsed = _labels(job.stored)
    photo = labels.read(job.photo)
    if photo.shape[:2] != parsed.shape or photo.ndim != 3:
        raise DataError(f"{job.stored}: labels {parsed.shape}, its photo {photo.shape}.")
    height, width = parsed.shape
    scale = min(1.0, _LONG_SIDE_PX / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(photo[..., 2::-1], size, interpolation=cv2.INTER_AREA)
    done, content = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    assert done, small.shape
    write_png(target, cv2.resize(parsed, size, interpolation=cv2.INTER_NEAREST))
    write_bytes(image, content.tobytes())


def _labels(path: Path) -> np.ndarray:
    """The one map of a file, (H, W) uint8."""
    maps = [
        value
        for name, value in labels.read_mat(path).items()
        if not name.startswith("__") and isinstance(value, np.ndarray) and value.dtype.kind in "uif"
    ]
    if len(maps) != 1 or maps[0].ndim != 2 or not maps[0].size:
        raise DataError(f"{path}: expected one map of labels, found {counted(len(maps), 'array')}.")
    if maps[0].min() < 0 or maps[0].max() >= _NUM_CLASSES:
        raise DataError(f"{path}: labels {maps[0].min()} to {maps[0].max()}; expected 0..58.")
    return maps[0].astype(np.uint8)


def _count(out: Path) -> dict[str, int]:
    return {
        f"{split} {kind}": len(list_names(out / kind / split, ".jpg", ".png"))
        for split in ("train", "val")
        for kind in ("images", "labels")
    }


CCP = Converter(
    name="ccp",
    title="Clothing Co-Parsing",
    default_out="data/small/ccp",
    help=_HELP,
    convert=_convert,
    count=_count,
)
