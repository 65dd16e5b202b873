"""NYUv2 with labels for several tasks on the same pictures: classes, depth, normals, edges.

The archive began with ASTMT (Maninis et al., CVPR 2019); ATRC (Brueggemann et al., ICCV 2021) and
InvPT (Ye and Xu, ECCV 2022) publish their own copies. All have ``images``, ``segmentation``,
``depth``, ``normals``, ``edge`` and ``gt_sets/{train,val}.txt``, in different formats:

=======  ======  ============  ============  =======  =======
copy     images  segmentation  depth         normals  edge
=======  ======  ============  ============  =======  =======
ASTMT    jpg     mat           mat           jpg      png
ATRC     jpg     png           npy           npy      npy
InvPT    png     png           npy           png      png
=======  ======  ============  ============  =======  =======

Each is read. The axes of the normals are found from the pictures, see ``normals.py``.
"""

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from argus.datasets.convert import labels, normals
from argus.datasets.convert.archives import unpacked
from argus.datasets.convert.conversion import STATE_FOLDER, Converter, Names, Options
from argus.datasets.convert.nyuv2_labeled import millimetres
from argus.datasets.convert.places import below, checked_name
from argus.datasets.convert.whole_files import (
    is_there,
    list_names,
    place,
    read_text,
    write_lines,
    write_png,
)
from argus.datasets.convert.work import run_jobs
from argus.errors import DataError
from argus.names.wording import counted

_SPLITS = ("train", "val")
_NUM_CLASSES = 40
_FLOOR, _FLOOR_MAT, _CEILING, _WALL = 2, 20, 22, 1  # classes of 40, from 1
_PICTURES = (".png", ".jpg")
_LABELS = {  # our folder: folder, formats and MATLAB variable of the archive
    "seg40": ("segmentation", (".png", ".mat"), "segmentation"),
    "depth": ("depth", (".npy", ".mat"), "depth"),
    "normal": ("normals", (".png", ".npy", ".jpg"), ""),
    "edge": ("edge", (".png", ".npy"), ""),
}
_HELP = """\
  NYUDv2.tar.gz of InvPT (https://github.com/prismformore/Multi-Task-Transformer), or
  NYUD_MT.tgz of ATRC (https://github.com/brdav/atrc) or of ASTMT
Licence: none stated by the owners of NYUv2; in use for research."""


class _Job(NamedTuple):
    root: Path
    out: Path
    name: str
    axes: normals.Axes


def _source(root: Path, name: str, kind: str) -> Path | None:
    folder, suffixes, _ = _LABELS[kind]
    return labels.find(root / folder, name, *suffixes)


def _read(path: Path, kind: str) -> np.ndarray:
    return labels.read(path, _LABELS[kind][2])


def _classes(stored: np.ndarray) -> np.ndarray:
    classes = labels.one_channel(stored)
    if classes.max() > _NUM_CLASSES:
        raise DataError(f"label {classes.max()}: expected 0 (void) to {_NUM_CLASSES}")
    return classes.astype(np.uint8)


def _to_picture(stored: np.ndarray, kind: str, axes: normals.Axes) -> np.ndarray:
    """A label of the archive as the picture that is written."""
    match kind:
        case "seg40":
            return _classes(stored)
        case "depth":
            return millimetres(labels.one_channel(stored))
        case "normal":
            return normals.encode(axes.convert(normals.decode(stored)))
    return labels.binary(stored)


def _target(job: _Job, kind: str) -> Path:
    return below(job.out, f"{kind}/{job.name}.png", said_by="list of pictures")


def _convert_picture(job: _Job) -> list[str]:
    """Write what a picture lacks; return the kinds of label that had another size than it."""
    image = labels.find(job.root / "images", job.name, *_PICTURES)
    if image is None:
        raise DataError(f"{job.root}: {job.name} is in a list but not in images/.")
    target = below(job.out, f"image/{image.name}", said_by="list of pictures")
    if not is_there(target, image.stat().st_size):
        place(target, image)
    size, resized = labels.image_size(image), []
    for kind in _LABELS:
        source, path = _source(job.root, job.name, kind), _target(job, kind)
        if source is None or is_there(path):
            continue
        try:
            picture = _to_picture(_read(source, kind), kind, job.axes)
        except DataError as error:
            raise DataError(f"{source}: {error}") from error
        if picture.shape[:2] != size:
            resized.append(kind)
        write_png(path, labels.fitted(picture, size))
    return resized


def _pairs(root: Path, names: list[str]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for name in names:
        sources = [_source(root, name, kind) for kind in ("normal", "seg40")]
        if sources[0] and sources[1]:
            stored = normals.decode(_read(sources[0], "normal"))
            classes = labels.one_channel(_read(sources[1], "seg40"))
            yield stored, labels.fitted(classes, (stored.shape[0], stored.shape[1]))


def _axes(root: Path, names: list[str], options: Options) -> normals.Axes:
    if options.normal_axes is not None:
        return normals.parse_axes(options.normal_axes)
    finder = normals.AxesFinder(up=(_FLOOR, _FLOOR_MAT), down=(_CEILING,), walls=(_WALL,))
    axes = normals.find_axes(_pairs(root, names), finder)
    print(f"normals: the channels of the archive are {axes.to_text()}, found from floors and walls")
    return axes


def find_root(folder: Path, below: str) -> Path | None:
    """The highest folder that has a file at a relative path."""
    found = sorted(folder.rglob(below), key=lambda path: (len(path.parts), path))
    return found[0].parents[below.count("/")] if found else None


def read_lists(folder: Path, splits: Iterable[str]) -> dict[str, list[str]]:
    """Names of the pictures of each split whose list ``<split>.txt`` is there.

    Raises:
        DataError: A list is no text, or a name in it is no file name.
    """
    lists = {}
    for split in splits:
        path = folder / f"{split}.txt"
        if path.is_file():
            lists[split] = [
                checked_name(name, said_by=f"{path}, line {number}", parts=1)
                for number, line in enumerate(read_text(path).splitlines(), start=1)
                for name in line.split()
            ]
    return lists


def _convert(source: Path, out: Path, options: Options) -> None:
    folder = out / STATE_FOLDER / "nyuv2-multitask"
    root = find_root(unpacked(source, folder, title="NYUv2 unpacking"), "gt_sets/train.txt")
    if root is None:
        raise DataError(f"{source}: no gt_sets/train.txt in it. Expected:\n{_HELP}")
    lists = read_lists(root / "gt_sets", _SPLITS)
    names = [name for names in lists.values() for name in names]
    has_normals = any(_source(root, name, "normal") for name in names)
    axes = _axes(root, names, options) if has_normals else normals.parse_axes("x,y,z")
    jobs = [_Job(root, out, name, axes) for name in names]
    resized = [
        kind
        for kinds in run_jobs(
            _convert_picture, jobs, title="NYUv2 multi-task", num_processes=options.num_processes
        )
        for kind in kinds
    ]
    for kind in sorted(set(resized)):
        print(
            f"{kind}: {counted(resized.count(kind), 'label')} had another size than their picture; "
            "resized"
        )
    for split, listed in lists.items():
        write_lines(out / "gt_sets" / f"{split}.txt", listed)
    shutil.rmtree(folder, ignore_errors=True)


def _count(out: Path) -> dict[str, int]:
    counts = {"image": len(list_names(out / "image", *_PICTURES))}
    counts |= {kind: len(list_names(out / kind, ".png")) for kind in _LABELS}
    lists = read_lists(out / "gt_sets", _SPLITS)
    return counts | {f"{split} list": len(lists.get(split, ())) for split in _SPLITS}


def _names(out: Path) -> Iterator[Names]:
    """The files of the pictures that are in a list."""
    stems = {name for names in read_lists(out / "gt_sets", _SPLITS).values() for name in names}
    for folder in ("image", *_LABELS):
        yield Names(
            folder, stems, [Path(name).stem for name in list_names(out / folder, *_PICTURES)]
        )


NYUV2_MULTITASK = Converter(
    name="nyuv2-multitask",
    title="NYUv2, multi-task archive",
    default_out="data/nyuv2",
    help=_HELP,
    convert=_convert,
    count=_count,
    names=_names,
    excludes=("nyuv2-labeled",),
    uses_axes=True,
)
