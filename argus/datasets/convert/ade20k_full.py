"""The full ADE20K release, as far as it is the benchmark's, in the layout of the benchmark.

Beside each picture ``.../training/<scenes>/ADE_train_00000001.jpg`` lies ``..._seg.png``: the class
of a pixel is red / 10 * 256 + green, of more than 3,000, its instance blue, 0 for none. The
releases of 2016 and 2021 number the classes alike; the owners' rule for the benchmark
(SceneParse150) is a table of its 150 labels and a size: the short side becomes 512, unless it is
shorter or the picture is square. The 5,364 training pictures that came with 2021 are not in the
benchmark and left out, and so are pictures that were annotated twice (``consistencyanalysis``) and
masks of parts.
"""

import re
import shutil
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from argus.datasets.convert import ade20k, labels
from argus.datasets.convert.ade20k_classes import CLASSES, THINGS
from argus.datasets.convert.archives import Member, extract
from argus.datasets.convert.conversion import STATE_FOLDER, Converter, Options
from argus.datasets.convert.published import PUBLISHED
from argus.datasets.convert.whole_files import is_there, list_names, place, write_bytes, write_png
from argus.datasets.convert.work import run_jobs
from argus.errors import DataError
from argus.names.wording import counted

_SHORT_SIDE_PX = 512
_JPEG_QUALITY = 95
_NUM_INDICES = 26 * 256
_NAME = re.compile(r"ADE_(train|val)_(\d{8})(\.jpg|_seg\.png)")
_TWICE = "consistencyanalysis"
_THING_OF_LABEL = np.zeros(len(CLASSES) + 1, np.uint8)
_THING_OF_LABEL[[item.label for item in THINGS]] = [item.instance_label or 0 for item in THINGS]
_HELP = """\
  ADE20K_2021_17_01.zip, or ADE20K_2016_07_26.zip (before faces and plates were blurred)
    from https://groups.csail.mit.edu/vision/datasets/ADE20K (registration needed)
Licence: research and education, non-commercial (terms of use of ADE20K)."""


def _read_labels() -> np.ndarray:
    text = resources.files(__package__).joinpath("ade20k_full_labels.txt").read_text("ascii")
    table = np.zeros(_NUM_INDICES, np.uint8)
    for line in text.splitlines()[1:]:
        index, label = line.split("\t")
        table[int(index)] = int(label)
    return table


LABEL_OF_INDEX = _read_labels()
"""Label 1..150 of each class of the full release, 0 for those that the benchmark has not."""


def benchmark_labels(stored: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Labels of the benchmark, of the stored size.

    Args:
        stored: (H, W, 3) uint8 of a ``_seg.png``.

    Returns:
        Labels (H, W) uint8, 0 other, 1..150; instances (H, W) uint8, 0 none.

    Raises:
        DataError: It is no label picture of ADE20K.
    """
    if stored.ndim != 3 or stored.shape[2] < 3 or stored.dtype != np.uint8:
        raise DataError(f"expected 8-bit colours, found shape {stored.shape} of {stored.dtype}")
    if (stored[..., 0] % 10).any():
        raise DataError("expected red in steps of 10 (class / 256 * 10): no _seg.png of ADE20K")
    index = stored[..., 0].astype(np.int64) // 10 * 256 + stored[..., 1]
    return LABEL_OF_INDEX[index], stored[..., 2]


def benchmark_size(height: int, width: int) -> tuple[int, int]:
    """(height, width) of a picture in the benchmark."""
    short = min(height, width)
    if height == width or short <= _SHORT_SIDE_PX:
        return height, width
    long = round(max(height, width) / short * _SHORT_SIDE_PX)
    return (_SHORT_SIDE_PX, long) if height < width else (long, _SHORT_SIDE_PX)


def thing_picture(semantic: np.ndarray, instances: np.ndarray) -> np.ndarray:
    """Instances as the benchmark publishes them.

    Args:
        semantic: (H, W) labels 0..150.
        instances: (H, W) numbers of the objects of all classes, 0 none.

    Returns:
        (H, W, 3) uint8: class 1..100, number from 1, 0.

    Raises:
        DataError: There are more than 255.
    """
    things = np.where(instances > 0, _THING_OF_LABEL[semantic], 0)
    pairs = np.where(things > 0, things.astype(np.int64) * 256 + instances, 0)
    values, numbers = np.unique(pairs, return_inverse=True)
    first = 0 if values[0] == 0 else 1
    if len(values) - 1 + first > np.iinfo(np.uint8).max:
        raise DataError(f"{counted(len(values), 'object')}; expected at most 255")
    numbers = numbers.reshape(pairs.shape) + first
    return np.stack([things, numbers, np.zeros_like(numbers)], axis=-1).astype(np.uint8)


class _Job(NamedTuple):
    staged: Path
    root: Path
    folder: str
    stem: str


def _convert_picture(job: _Job) -> None:
    """Write the files of a picture that are not there."""
    image, semantic, things = (
        job.root / kind / job.folder / f"{job.stem}{suffix}"
        for kind, suffix in ade20k.SUFFIXES.items()
    )
    if is_there(image) and is_there(semantic) and is_there(things):
        return
    stored, source = (job.staged / job.folder / f"{job.stem}{end}" for end in ("_seg.png", ".jpg"))
    if not source.is_file():
        raise DataError(f"{stored} is there without its picture {source.name}.")
    try:
        found, instances = benchmark_labels(labels.read(stored))
        if labels.image_size(source) != found.shape:
            raise DataError(f"labels {found.shape}, its picture {labels.image_size(source)}")
        size = benchmark_size(*found.shape)
        found, instances = (_resized(part, size) for part in (found, instances))
        objects = thing_picture(found, instances)
    except DataError as error:
        raise DataError(f"{stored}: {error}") from error
    if size == labels.image_size(source):
        place(image, source)
    else:
        write_bytes(image, _reduced(labels.read(source), size))
    write_png(things, objects)
    write_png(semantic, found)


def _resized(part: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    # By the centres of the pixels, as the owners' MATLAB does it.
    return cv2.resize(part, size[::-1], interpolation=cv2.INTER_NEAREST_EXACT)


def _reduced(picture: np.ndarray, size: tuple[int, int]) -> bytes:
    small = cv2.resize(picture, size[::-1], interpolation=cv2.INTER_AREA)
    colours = small[..., 2::-1] if small.ndim == 3 else small
    done, content = cv2.imencode(".jpg", colours, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    assert done, small.shape
    return content.tobytes()


def _place(member: Member) -> str | None:
    match = _NAME.fullmatch(member.parts[-1])
    if match is None or _TWICE in member.parts:
        return None
    folder, most = ade20k.SPLITS[match[1]], PUBLISHED["ade20k-full"][f"{match[1]} images"].number
    if folder not in member.parts[:-1] or not 1 <= int(match[2]) <= most:
        return None
    return f"{folder}/{member.parts[-1]}"


def _convert(source: Path, out: Path, options: Options) -> None:
    staged = out / STATE_FOLDER / "ade20k-full"
    extract(source, staged, _place, title="ADE20K unpacking")
    for split, folder in ade20k.SPLITS.items():
        stems = [name.removesuffix("_seg.png") for name in list_names(staged / folder, "_seg.png")]
        alone = len(list_names(staged / folder, ".jpg")) - len(stems)
        if alone > 0:
            print(f"{split}: {counted(alone, 'picture has', 'pictures have')} no labels; left out")
        jobs = [_Job(staged, out / ade20k.FOLDER, folder, stem) for stem in stems]
        title = f"ADE20K {split}"
        for _ in run_jobs(_convert_picture, jobs, title=title, num_processes=options.num_processes):
            pass
    ade20k.convert_splits(out, options.num_processes)
    shutil.rmtree(staged, ignore_errors=True)


ADE20K_FULL = Converter(
    name="ade20k-full",
    title="ADE20K, full release",
    default_out="data/ade",
    help=_HELP,
    convert=_convert,
    count=ade20k.count,
    excludes=("ade20k",),
    names=ade20k.names,
    read=ade20k.read,
)
