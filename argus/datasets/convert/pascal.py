"""PASCAL-Context with labels for several tasks: human parts, classes, saliency, normals.

The archive of ASTMT (Maninis et al., CVPR 2019), of which InvPT publishes a copy: ``JPEGImages``,
``ImageSets/Context/{train,val}.txt``, ``human_parts/*.mat`` (PASCAL-Part), ``semseg/VOC12/*.png``
and, for pictures it lacks, ``semseg/pascal-context/*.png`` (21 classes), ``sal_distill/*.png``,
``normals_distill/*.png`` and ``pascal-context/trainval/*.mat`` (459 classes). Saliency and normals
were predicted by networks ("distilled"). As in ASTMT, normals count only where the class is one
that their network has seen indoors; the axes are found from the pictures, see ``normals.py``, and
normals are left out where the pictures do not tell.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from argus.datasets.convert import labels, normals
from argus.datasets.convert.archives import unpacked
from argus.datasets.convert.conversion import STATE_FOLDER, Converter, Names, Options
from argus.datasets.convert.human_parts import human_parts
from argus.datasets.convert.nyuv2_multitask import find_root, read_lists
from argus.datasets.convert.places import below
from argus.datasets.convert.whole_files import is_there, list_names, place, write_lines, write_png
from argus.datasets.convert.work import run_jobs
from argus.errors import DataError
from argus.names.wording import counted

_SPLITS = ("train", "val")
_PEOPLE = ("person_train", "person_val")
LISTS = ("ImageSets/Context/train.txt", "ImageSets/Context/val.txt")
_NUM_CLASSES = 21
_IGNORE = 255
# Of the 459 classes: ground, floor, grass, road, sidewalk; ceiling; wall, building.
_UP, _DOWN, _WALLS = (189, 158, 187, 324, 354), (68,), (440, 44)
# fmt: off
# Those of the 459 that NYUv2 names as well, and the TV.
INDOOR_CLASSES = (
    3, 4, 6, 9, 10, 11, 13, 15, 17, 18, 22, 23, 29, 30, 33, 34, 36, 37, 38, 39, 41, 43, 46, 49, 50,
    51, 53, 55, 56, 59, 61, 62, 65, 66, 68, 69, 72, 73, 78, 83, 84, 85, 87, 88, 95, 96, 101, 104,
    105, 107, 111, 113, 115, 122, 124, 135, 141, 142, 143, 146, 150, 154, 157, 158, 159, 165, 172,
    174, 181, 183, 184, 191, 193, 195, 197, 199, 202, 213, 215, 216, 219, 220, 223, 225, 228, 230,
    232, 233, 238, 239, 242, 243, 246, 250, 251, 252, 255, 260, 261, 263, 269, 272, 273, 275, 281,
    283, 284, 285, 286, 287, 288, 290, 291, 292, 293, 295, 304, 307, 309, 310, 314, 315, 319, 323,
    329, 330, 331, 336, 342, 345, 349, 350, 351, 352, 355, 357, 368, 370, 371, 374, 379, 380, 383,
    384, 397, 401, 403, 405, 407, 408, 411, 412, 413, 414, 417, 419, 421, 423, 427, 429, 430, 432,
    440, 441, 442, 443, 444, 446, 454, 457,
)
# fmt: on
VOC_CLASSES = (
    *(2, 23, 25, 31, 34, 45, 59, 65, 72, 98, 397, 113, 207, 258, 284, 308, 347, 368, 416, 427),
)
"""The 20 classes of VOC, of the 459."""
_FOLDERS = ("semseg", "saliency", "normal")
_HELP = """\
  PASCALContext.tar.gz of InvPT (https://github.com/prismformore/Multi-Task-Transformer), or
  PASCAL_MT.tgz of ASTMT (https://github.com/facebookresearch/astmt)
Licence: PASCAL VOC images under the terms of Flickr; PASCAL-Context and PASCAL-Part state none, in
use for research; distilled labels by the authors of ASTMT (code CC BY-NC 4.0)."""


class _Job(NamedTuple):
    root: Path
    out: Path
    name: str
    axes: normals.Axes | None  # None: leave normals out


def _semantic(job: _Job) -> np.ndarray | None:
    for folder in ("semseg/VOC12", "semseg/pascal-context", "semseg"):
        if path := labels.find(job.root / folder, job.name, ".png"):
            classes = labels.one_channel(labels.read(path))
            wrong = sorted(set(np.unique(classes)) - {*range(_NUM_CLASSES), _IGNORE})
            if wrong:
                raise DataError(f"{path}: classes {wrong}; expected 0..20 and 255")
            return classes.astype(np.uint8)
    context = _context(job.root, job.name)
    return None if context is None else _voc_classes(context)


def _voc_classes(context: np.ndarray) -> np.ndarray:
    """Classes 0..20 of the 459."""
    result = np.zeros(context.shape, np.uint8)
    for label, number in enumerate(VOC_CLASSES, start=1):
        result[context == number] = label
    return result


def _saliency(job: _Job) -> np.ndarray | None:
    path = labels.find(job.root / "sal_distill", job.name, ".png")
    if path is None:
        return None
    return ((labels.one_channel(labels.read(path)) > 127) * 255).astype(np.uint8)


def _context(root: Path, name: str) -> np.ndarray | None:
    path = labels.find(root / "pascal-context/trainval", name, ".mat")
    return None if path is None else labels.read(path, "LabelMap")


def _stored_normals(root: Path, name: str) -> np.ndarray | None:
    path = labels.find(root / "normals_distill", name, ".png")
    return None if path is None else normals.decode(labels.read(path))


def _normals(job: _Job) -> np.ndarray | None:
    if job.axes is None:
        return None
    stored, classes = _stored_normals(job.root, job.name), _context(job.root, job.name)
    if stored is None or classes is None:
        return None
    indoor = np.isin(labels.fitted(classes, (stored.shape[0], stored.shape[1])), INDOOR_CLASSES)
    return normals.encode(job.axes.convert(stored) * indoor[..., None])


_LABELS = dict(zip(_FOLDERS, (_semantic, _saliency, _normals), strict=True))


def _parts(job: _Job) -> np.ndarray | None:
    path = labels.find(job.root / "human_parts", job.name, ".mat")
    if path is None:
        return None
    try:
        return human_parts(labels.read_mat(path)["anno"])
    except DataError:
        raise
    except Exception as error:  # noqa: BLE001 - arrays of MATLAB may hold anything anywhere
        raise DataError(f"{path}: no annotation of PASCAL-Part ({error}).") from error


def _target(job: _Job, folder: str) -> Path:
    return below(job.out, f"{folder}/{job.name}.png", said_by="list of pictures")


def _write(job: _Job, folder: str, picture: np.ndarray, size: tuple[int, int]) -> None:
    if picture.shape[:2] != size:
        raise DataError(
            f"{job.name}: {folder} is {picture.shape[:2]} (height, width), the image {size}."
        )
    write_png(_target(job, folder), picture)


def _convert_picture(job: _Job) -> bool:
    """Write what a picture lacks; return whether there are people in it."""
    image = job.root / "JPEGImages" / f"{job.name}.jpg"
    if not image.is_file():
        raise DataError(f"{image} is in a list but does not exist.")
    target = below(job.out, f"JPEGImages/{image.name}", said_by="list of pictures")
    if not is_there(target, image.stat().st_size):
        place(target, image)
    size = labels.image_size(image)
    for folder, read in _LABELS.items():
        if not is_there(_target(job, folder)):
            picture = read(job)
            if picture is not None:
                _write(job, folder, picture, size)
    if is_there(_target(job, "human_parts_png")):
        return True
    parts = _parts(job)
    if parts is not None:
        _write(job, "human_parts_png", parts, size)
    return parts is not None


def _pairs(root: Path, names: list[str]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for name in names:
        stored, classes = _stored_normals(root, name), _context(root, name)
        if stored is not None and classes is not None:
            yield stored, labels.fitted(classes, (stored.shape[0], stored.shape[1]))


def _axes(root: Path, names: list[str], options: Options) -> normals.Axes | None:
    if options.normal_axes is not None:
        return normals.parse_axes(options.normal_axes)
    if not (root / "normals_distill").is_dir():
        return None
    finder = normals.AxesFinder(up=_UP, down=_DOWN, walls=_WALLS)
    try:
        axes = normals.find_axes(_pairs(root, names), finder)
    except DataError as error:  # no task needs them
        print(f"WARNING: normals are left out: {error}")
        return None
    print(f"normals: the channels of the archive are {axes.to_text()}, found from ground and walls")
    return axes


def _convert(source: Path, out: Path, options: Options) -> None:
    folder = out / STATE_FOLDER / "pascal"
    root = find_root(unpacked(source, folder, title="PASCAL unpacking"), LISTS[0])
    if root is None:
        raise DataError(f"{source}: no {LISTS[0]} in it. Expected:\n{_HELP}")
    convert_tree(root, out, options)
    shutil.rmtree(folder, ignore_errors=True)


def convert_tree(root: Path, out: Path, options: Options) -> None:
    """Convert the pictures of the lists of a tree of ASTMT's archive, or of a part of it."""
    lists = read_lists(root / "ImageSets/Context", _SPLITS)
    axes = _axes(root, [name for names in lists.values() for name in names], options)
    for split, names in lists.items():
        jobs = [_Job(root, out, name, axes) for name in names]
        title = f"PASCAL-Context {split}"
        has_people = list(
            run_jobs(_convert_picture, jobs, title=title, num_processes=options.num_processes)
        )
        people = [name for name, has in zip(names, has_people, strict=True) if has]
        write_lines(out / "ImageSets" / f"person_{split}.txt", people)
        write_lines(out / "ImageSets" / f"{split}.txt", names)
        print(f"{split}: {len(people):,} of {counted(len(names), 'picture')} have people")


def count(out: Path) -> dict[str, int]:
    """Files of each kind, by the names of ``published.toml``."""
    counts = {"images": len(list_names(out / "JPEGImages", ".jpg"))}
    counts |= {folder: len(list_names(out / folder, ".png")) for folder in _FOLDERS}
    lists = read_lists(out / "ImageSets", _SPLITS)
    return counts | {f"{split} list": len(lists.get(split, ())) for split in _SPLITS}


def names(out: Path) -> Iterator[Names]:
    """The files of the pictures that are in a list; how many have people is not published."""
    lists = out / "ImageSets"
    for what, folder, splits in (
        ("images", "JPEGImages", _SPLITS),
        *((folder, folder, _SPLITS) for folder in _FOLDERS),
        ("human parts", "human_parts_png", _PEOPLE),
    ):
        found = [Path(name).stem for name in list_names(out / folder, ".jpg", ".png")]
        if found or splits is _PEOPLE:  # that a whole folder is missing, its count says
            wanted = {name for names in read_lists(lists, splits).values() for name in names}
            yield Names(what, wanted, found)


PASCAL = Converter(
    name="pascal",
    title="PASCAL-Context, multi-task archive",
    default_out="data/pascal_mt",
    help=_HELP,
    convert=_convert,
    count=count,
    names=names,
    excludes=("pascal-parts",),
    uses_axes=True,
)
