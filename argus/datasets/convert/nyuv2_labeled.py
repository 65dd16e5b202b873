"""NYUv2's 1,449 labelled pictures from the original file ``nyu_depth_v2_labeled.mat``.

Silberman et al., "Indoor Segmentation and Support Inference from RGBD Images", ECCV 2012. The file
is HDF5 (MATLAB 7.3): ``images`` (1449, 3, 640, 480) uint8, ``depths`` (in-painted) and
``rawDepths`` (1449, 640, 480) in metres, ``labels`` (1449, 640, 480) uint16, 0 unlabelled, 1..894.
Every array is stored column by column, so height and width are exchanged.

``nyuv2_labeled.json`` holds the published facts: the test pictures of the official split
(``splits.mat``) and the class of 40 of each of the 894 (``classMapping40.mat``; Gupta et al., CVPR
2013). The 13 classes (Couprie et al., ICLR 2013) follow from the 40 (``class13Mapping.mat``).
"""

import importlib
import json
import math
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from argus.datasets.convert.conversion import Converter, Names, Options
from argus.datasets.convert.published import PUBLISHED
from argus.datasets.convert.whole_files import (
    is_there,
    list_names,
    read_text,
    write_lines,
    write_png,
)
from argus.datasets.convert.work import run_jobs
from argus.errors import ConfigError, DataError

_FACTS = json.loads(resources.files(__package__).joinpath("nyuv2_labeled.json").read_text("ascii"))
TEST_IMAGES = frozenset(_FACTS["test_images"])
"""Numbers, from 1, of the 654 test pictures."""
CLASSES_40 = np.array([0, *_FACTS["classes_40"]], np.uint8)
"""Class of 40, from 1, of each of the labels 0..894; 0 void."""
# fmt: off
CLASSES_13 = np.array([
    0, 12, 5, 6, 1, 4, 9, 10, 12, 13, 6, 8, 6, 13, 10, 6, 13, 6, 7, 7, 5,
    7, 3, 2, 6, 11, 7, 7, 7, 7, 7, 7, 6, 7, 7, 7, 7, 7, 7, 6, 7,
], np.uint8)
# fmt: on
"""Class of 13, from 1, of each of the 40; 0 void."""

_MAX_SIDE = 10_000
_MOST_BYTES = 2**27  # that are read at once
FILE = "nyu_depth_v2_labeled.mat"
_FOLDERS = ("image", "depth", "depth_raw", "seg40", "seg13")
_ARRAYS = {"images": 4, "depths": 3, "rawDepths": 3, "labels": 3}
_HELP = """\
  nyu_depth_v2_labeled.mat (2.8 GB; no other file is needed, but the package h5py is)
    from https://cs.nyu.edu/~fergus/datasets/nyu_depth_v2.html
Licence: none stated by its owners; in use for research."""


def label_pictures(labels: np.ndarray) -> dict[str, np.ndarray]:
    """Classes of 40 and of 13 of original labels.

    Args:
        labels: 0 unlabelled, 1..894.

    Returns:
        ``seg40`` and ``seg13``, uint8, 0 void.

    Raises:
        DataError: A label out of range.
    """
    if labels.max() >= len(CLASSES_40):
        raise DataError(f"label {labels.max()}: expected 0..{len(CLASSES_40) - 1}")
    seg40 = CLASSES_40[labels]
    return dict(seg40=seg40, seg13=CLASSES_13[seg40])


def millimetres(depth: np.ndarray) -> np.ndarray:
    """Depth in metres as uint16 millimetres; what is unknown or beyond 65.5 m becomes 0.

    Args:
        depth: Metres; unknown where it is 0, negative or not finite.
    """
    scaled = np.rint(np.nan_to_num(depth.astype(np.float64), posinf=0, neginf=0) * 1000)
    known = (scaled > 0) & (scaled <= np.iinfo(np.uint16).max)
    return np.where(known, scaled, 0).astype(np.uint16)


def pictures(arrays: Mapping[str, Any], index: int) -> dict[str, np.ndarray]:
    """The pictures of one scene by folder, from the arrays of the file.

    Args:
        arrays: ``images``, ``depths``, ``rawDepths``, ``labels`` as in the file.
        index: From 0.
    """
    return dict(
        image=np.transpose(arrays["images"][index], (2, 1, 0)),
        depth=millimetres(arrays["depths"][index].T),
        depth_raw=millimetres(arrays["rawDepths"][index].T),
        **label_pictures(arrays["labels"][index].T),
    )


class _Job(NamedTuple):
    source: Path
    out: Path
    start: int
    stop: int


def _name(index: int) -> str:
    return f"{index + 1:04d}"


def h5py_module() -> ModuleType:
    """The package that reads the file.

    Raises:
        ConfigError: It is not installed.
    """
    try:
        return importlib.import_module("h5py")
    except ImportError as error:
        raise ConfigError(
            f"reading {FILE} (HDF5) needs the package h5py, which Argus does not install: "
            "run `python -m pip install h5py` in its environment."
        ) from error


def _paths(out: Path, index: int) -> dict[str, Path]:
    return {folder: out / folder / f"{_name(index)}.png" for folder in _FOLDERS}


def _convert_block(job: _Job) -> None:
    """Write the pictures of a block that are not there yet."""
    block = range(job.start, job.stop)
    lacking = [index for index in block if not all(map(is_there, _paths(job.out, index).values()))]
    if not lacking:
        return
    read = slice(lacking[0], lacking[-1] + 1)
    try:
        with h5py_module().File(job.source) as file:
            arrays = {name: np.asarray(file[name][read]) for name in _ARRAYS}
    except Exception as error:  # noqa: BLE001 - h5py raises many kinds for damaged files
        numbers = f"{read.start + 1} to {read.stop}"
        raise DataError(f"{job.source}, pictures {numbers}: {error}") from error
    for index in lacking:
        try:
            content = pictures(arrays, index - read.start)
        except DataError as error:
            raise DataError(f"{job.source}, picture {index + 1}: {error}") from error
        for folder, path in _paths(job.out, index).items():
            if not is_there(path):
                write_png(path, content[folder])


def _block_length(source: Path) -> int:
    """Pictures that are read at once.

    Those that the file has packed together, so that nothing is unpacked twice, as far as they have
    room in memory.
    """
    lengths, size = [1], 0
    with h5py_module().File(source) as arrays:
        for array in (arrays[name] for name in _ARRAYS):
            chunk = getattr(array, "chunks", None) or (1,)
            if math.prod(chunk) * array.dtype.itemsize > _MOST_BYTES:
                raise DataError(
                    f"{source}: it is packed in pieces of {chunk} values, as no file of pictures "
                    "is; download it again."
                )
            lengths.append(chunk[0])
            size += math.prod(array.shape[1:]) * array.dtype.itemsize
    return max(1, min(max(lengths), _MOST_BYTES // max(size, 1)))


def _shape(arrays: Any, name: str) -> tuple[int, ...]:
    """Shape of an array of numbers that lies in the file itself; ``()`` if it is none.

    HDF5 has links to other files, and arrays whose values are anywhere on the disk.
    """
    h5py = h5py_module()
    if not isinstance(arrays.get(name, getlink=True), h5py.HardLink):
        return ()
    found = arrays[name]
    is_own = isinstance(found, h5py.Dataset) and not found.external and not found.is_virtual
    return tuple(found.shape) if is_own and found.shape and found.dtype.kind in "uif" else ()


def check_file(source: Path) -> int:
    """Number of pictures of a file of the right layout.

    Raises:
        DataError: It is another one, or not complete.
    """
    h5py = h5py_module()
    try:
        with h5py.File(source) as arrays:
            shapes = {name: _shape(arrays, name) for name in _ARRAYS}
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        raise DataError(
            f"{source}: no HDF5 file, or not complete ({error}); download it again."
        ) from error
    wrong = [
        name
        for name, shape in shapes.items()
        if len(shape) != _ARRAYS[name]
        or shape[:1] != shapes["images"][:1]
        or max(shape) > _MAX_SIDE
    ]
    if wrong:
        raise DataError(
            f"{source}: {', '.join(f'{name} {shapes[name]}' for name in wrong)} found; expected "
            "images (N, 3, W, H), depths, rawDepths and labels (N, W, H) of nyu_depth_v2."
        )
    return int(shapes["images"][0])


def _convert(source: Path, out: Path, options: Options) -> None:
    file = source / FILE if source.is_dir() else source
    if not file.is_file():
        raise DataError(f"{file} does not exist. Expected:\n{_HELP}")
    num_images = check_file(file)
    step = _block_length(file)
    jobs = [
        _Job(file, out, start, min(start + step, num_images))
        for start in range(0, num_images, step)
    ]
    for _ in run_jobs(
        _convert_block, jobs, title="NYUv2 labelled", num_processes=options.num_processes
    ):
        pass
    for split, is_test in (("train", False), ("val", True)):
        names = [_name(i) for i in range(num_images) if ((i + 1) in TEST_IMAGES) == is_test]
        write_lines(out / "gt_sets" / f"{split}.txt", names)


def _count(out: Path) -> dict[str, int]:
    counts = {folder: len(list_names(out / folder, ".png")) for folder in _FOLDERS}
    for split in ("train", "val"):
        path = out / "gt_sets" / f"{split}.txt"
        counts[f"{split} list"] = len(read_text(path).split()) if path.is_file() else 0
    return counts


def _names(out: Path) -> Iterator[Names]:
    """The pictures are numbered from 1 without gaps."""
    for folder in _FOLDERS:
        wanted = [
            f"{_name(index)}.png" for index in range(PUBLISHED["nyuv2-labeled"][folder].number)
        ]
        yield Names(folder, wanted, list_names(out / folder, ".png"))


NYUV2_LABELED = Converter(
    name="nyuv2-labeled",
    title="NYUv2, labelled",
    default_out="data/nyuv2_labeled",
    help=_HELP,
    convert=_convert,
    count=_count,
    names=_names,
    excludes=("nyuv2-multitask",),
)
