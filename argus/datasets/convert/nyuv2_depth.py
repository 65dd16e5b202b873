"""NYUv2's 24,231 training pictures with depth, and the 654 test pictures of Eigen's split.

The pictures are those of BTS (Lee et al., 2019), which AdaBins and its successors took over:
``<scene>/rgb_<number>.jpg`` with ``<scene>/sync_depth_<number>.png``, 16 bits, millimetres; the
training ones in ``sync/``, the test ones in ``official_splits/test/``. Two list files name them:
``/kitchen_0028b/rgb_00045.jpg /kitchen_0028b/sync_depth_00045.png 518.8579``.
"""

import math
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from argus.datasets.convert.archives import Member, extract, members
from argus.datasets.convert.conversion import STATE_FOLDER, Converter, Names, Options
from argus.datasets.convert.nyuv2_labeled import FILE
from argus.datasets.convert.nyuv2_test_pictures import write_test_pictures
from argus.datasets.convert.places import below, checked_name
from argus.datasets.convert.whole_files import is_there, read_text, write_lines
from argus.errors import DataError

SPLITS = ("train", "test")
FOCAL_LENGTH = "518.8579"
"""Of the camera, in pixels, for lists that have none (0)."""
_LIST = re.compile(r"(?:nyudepthv2|nyu)_(train|test)(?:_files_with_gt)?\.txt")
_PICTURE = re.compile(r"(rgb|sync_depth)_\d+\.(jpg|png)")
_PNG_BITS = 24  # position of the byte in a PNG file
_HELP = """\
  sync.zip (unpacks to sync/) and official_splits/test/: pictures; or, for those of the test,
  nyu_depth_v2_labeled.mat, of which the latter are made (this needs the package h5py)
  nyudepthv2_train_files_with_gt.txt, nyudepthv2_test_files_with_gt.txt: lists
    all from the instructions of https://github.com/cleinc/bts (NYU Depth V2); put them into one
    folder SOURCE. The lists are in its train_test_inputs/.
Licence: none stated by its owners; in use for research."""


class Pair(NamedTuple):
    """A line of a list: paths below the split's folder, and the focal length in pixels."""

    image: str
    depth: str
    focal: str


def read_pairs(text: str, where: str) -> list[Pair]:
    """The lines of a list that have a depth.

    Raises:
        DataError: A line of another form, or a path that climbs out of its folder.
    """
    pairs = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        fields, said_by = line.split(), f"{where}, line {number}"
        focal = _focal_length(fields)
        if len(fields) < 2 or focal is None:
            raise DataError(
                f"{said_by}: expected '<image> <depth> <focal length>', found {line[:200]!r}"
            )
        image, depth = (_scene_and_name(field, said_by) for field in fields[:2])
        if fields[1] != "None":
            pairs.append(Pair(image, depth, focal))
    return pairs


def _focal_length(fields: list[str]) -> str | None:
    """The third field, that of the camera where there is none or 0; ``None`` for no number."""
    try:
        focal = float(fields[2]) if len(fields) > 2 else 0.0
    except ValueError:
        return None
    return (fields[2] if focal > 0 else FOCAL_LENGTH) if math.isfinite(focal) else None


def _scene_and_name(path: str, said_by: str) -> str:
    """The last two parts of a path: lists differ in what stands before."""
    checked_name(path.lstrip("/"), said_by=said_by)
    return "/".join(PurePosixPath(path).parts[-2:])


def _read_lists(source: Path) -> dict[str, list[Pair]]:
    lists = {}
    for member in members(source):
        if match := _LIST.fullmatch(member.parts[-1]):
            lists[match[1]] = read_pairs(member.text(), member.name)
        if len(lists) == len(SPLITS):
            break
    missing = [split for split in SPLITS if split not in lists]
    if missing:
        raise DataError(
            f"{source}: no list of the {' and '.join(missing)} pictures "
            f"(nyudepthv2_{missing[0]}_files_with_gt.txt). Expected:\n{_HELP}"
        )
    return lists


def _place(wanted: dict[str, set[str]], member: Member) -> str | None:
    if len(member.parts) < 2 or not _PICTURE.fullmatch(member.parts[-1]):
        return None
    split = "test" if "test" in member.parts[:-2] else "train"
    name = "/".join(member.parts[-2:])
    return f"{split}/{name}" if name in wanted[split] else None


def _check_depth(path: Path) -> None:
    with open(path, "rb") as file:
        head = file.read(_PNG_BITS + 1)
    if len(head) <= _PNG_BITS or head[_PNG_BITS] != 16:
        raise DataError(
            f"{path}: expected a depth map of 16 bits (millimetres), found "
            f"{head[_PNG_BITS] if len(head) > _PNG_BITS else 'no'} bits: a picture to look at?"
        )


def _places(out: Path, split: str, pair: Pair) -> tuple[Path, Path]:
    """Where the picture and the depth map of a line lie."""
    said_by = f"list of the {split} pictures"
    image, depth = (below(out, f"{split}/{name}", said_by=said_by) for name in pair[:2])
    return image, depth


def _convert(source: Path, out: Path, options: Options) -> None:
    lists = _read_lists(source)
    wanted = {
        split: {name for pair in pairs for name in pair[:2]} for split, pairs in lists.items()
    }
    extract(source, out, lambda member: _place(wanted, member), title="NYUv2 depth")
    if (source / FILE).is_file():
        write_test_pictures(source / FILE, dict(_places(out, "test", p) for p in lists["test"]))
    for split, pairs in lists.items():
        names = [f"{split}/{name}" for pair in pairs for name in pair[:2]]
        write_lines(out / STATE_FOLDER / _listed(split), names)
        lines = []
        for pair in pairs:
            image, depth = _places(out, split, pair)
            if is_there(image) and is_there(depth):
                _check_depth(depth)
                lines.append(f"{split}/{pair.image} {split}/{pair.depth} {pair.focal}")
        if lines:
            write_lines(out / f"nyu_{split}.txt", lines)


def _listed(split: str) -> str:
    """What is remembered of a list, since the one of the target names what is there."""
    return f"nyuv2-depth_{split}.txt"


def _names(out: Path) -> Iterator[Names]:
    """The files that the lists of the download named."""
    for split in SPLITS:
        path = out / STATE_FOLDER / _listed(split)
        if path.is_file():
            wanted = read_text(path).splitlines()
            found = [name for name in wanted if is_there(below(out, name, said_by=str(path)))]
            yield Names(f"{split} images with depth", wanted, found)


def _count(out: Path) -> dict[str, int]:
    counts = {}
    for split in SPLITS:
        path = out / f"nyu_{split}.txt"
        lines = read_text(path).splitlines() if path.is_file() else []
        found = sum(all(is_there(out / file) for file in line.split()[:2]) for line in lines)
        counts[f"{split} images with depth"] = found
    return counts


NYUV2_DEPTH = Converter(
    name="nyuv2-depth",
    title="NYUv2 depth, 24k training pictures",
    default_out="data/nyuv2_depth",
    help=_HELP,
    convert=_convert,
    count=_count,
    names=_names,
)
