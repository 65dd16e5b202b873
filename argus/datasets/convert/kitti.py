"""KITTI's test pictures of Eigen's split with the improved depth of its benchmark.

The list is that of BTS (Lee et al., 2019): ``2011_09_26/2011_09_26_drive_0002_sync/image_02/data/
0000000069.png 2011_09_26_drive_0002_sync/proj_depth/groundtruth/image_02/0000000069.png 721.5377``;
of its 697 lines 45 have ``None`` in the place of a depth map.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from argus.datasets.convert.archives import Member, extract, members
from argus.datasets.convert.conversion import STATE_FOLDER, Converter, Names, Options
from argus.datasets.convert.places import below, checked_name
from argus.datasets.convert.whole_files import is_there, read_text, write_lines
from argus.datasets.nyuv2_depth import pairs_with_depth
from argus.errors import DataError

_LIST = re.compile(r"(?:kitti_)?eigen_test(?:_files_with_gt)?\.txt")
_PICTURE = re.compile(r"(?:^|/)(\d{4}_\d\d_\d\d/[^/]+_sync/image_0[23]/data/\d+\.png)$")
_DEPTH = re.compile(r"(?:^|/)([^/]+_sync/proj_depth/groundtruth/image_0[23]/\d+\.png)$")
_OUT_LIST = "kitti_eigen_test.txt"
_WANTED = "kitti-eigen.txt"
_COUNT = "test images with depth"
_HELP = """\
  the synced and rectified drives of the raw data that the list names (2011_*_drive_*_sync.zip)
    from https://www.cvlibs.net/datasets/kitti/raw_data.php
  data_depth_annotated.zip
    from https://www.cvlibs.net/datasets/kitti/eval_depth.php
  eigen_test_files_with_gt.txt, of train_test_inputs/
    from https://github.com/cleinc/bts
  put them into one folder SOURCE
Licence: CC BY-NC-SA 3.0."""


def _read_list(source: Path) -> list[tuple[str, str]]:
    for member in members(source):
        if _LIST.fullmatch(member.parts[-1]):
            lines = [line for line in member.text().splitlines() if line.strip()]
            pairs = pairs_with_depth(lines, member.name)
            return [
                (_checked(image, member.name), _checked(depth, member.name))
                for image, depth in pairs
            ]
    raise DataError(f"{source}: no list of the test pictures. Expected:\n{_HELP}")


def _checked(name: str, said_by: str) -> str:
    return checked_name(name.lstrip("/"), said_by=said_by)


def _place(wanted: set[str], member: Member) -> str | None:
    path = "/".join(member.parts)
    for pattern, folder in ((_PICTURE, "input"), (_DEPTH, "gt_depth")):
        match = pattern.search(path)
        if match is not None and f"{folder}/{match[1]}" in wanted:
            return f"{folder}/{match[1]}"
    return None


def _convert(source: Path, out: Path, options: Options) -> None:
    pairs = _read_list(source)
    files = [(f"input/{image}", f"gt_depth/{depth}") for image, depth in pairs]
    names = [name for both in files for name in both]
    extract(source, out, lambda member: _place(set(names), member), title="KITTI")
    write_lines(out / STATE_FOLDER / _WANTED, names)
    lines = [
        f"{image} {depth}"
        for (image, depth), both in zip(pairs, files, strict=True)
        if all(is_there(below(out, name, said_by=_OUT_LIST)) for name in both)
    ]
    if lines:
        write_lines(out / _OUT_LIST, lines)


def _count(out: Path) -> dict[str, int]:
    path = out / _OUT_LIST
    lines = [line for line in read_text(path).splitlines() if line] if path.is_file() else []
    found = 0
    for image, depth in pairs_with_depth(lines, str(path)) if lines else ():
        names = f"input/{image.lstrip('/')}", f"gt_depth/{depth.lstrip('/')}"
        found += all(is_there(below(out, name, said_by=str(path))) for name in names)
    return {_COUNT: found}


def _names(out: Path) -> Iterator[Names]:
    """The files that the list of the download named."""
    path = out / STATE_FOLDER / _WANTED
    if path.is_file():
        wanted = read_text(path).splitlines()
        found = [name for name in wanted if is_there(below(out, name, said_by=str(path)))]
        yield Names(_COUNT, wanted, found)


KITTI_EIGEN = Converter(
    name="kitti-eigen",
    title="KITTI, Eigen's test pictures",
    default_out="data/kitti",
    help=_HELP,
    convert=_convert,
    count=_count,
    names=_names,
)
