"""Features of a list of pictures, from the disk where they were computed before.

Pictures are read as DINOv2 evaluates: the shorter side resized (bicubic) to 8/7 of the input's, of
which the middle is cut out. They go through the model once, in chunks that are each a file of the
cache, so that what was interrupted goes on where it was.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch.utils.data import DataLoader, Dataset

from argus.analysis.transfer.features import Features, FeatureSource
from argus.files.durable import replacing
from argus.inference.images import load_image

CHUNK = 1024
_FORMAT = "1"


def prepare(image: np.ndarray, side: int) -> np.ndarray:
    """The square of a picture that a model sees.

    Args:
        image: RGB (H, W, 3) uint8.
        side: Of the result, pixels.

    Returns:
        RGB (side, side, 3) uint8.
    """
    height, width = image.shape[:2]
    scale = round(side * 8 / 7) / min(height, width)
    size = max(round(width * scale), side), max(round(height * scale), side)
    resized = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))
    top, left = (size[1] - side) // 2, (size[0] - side) // 2
    return resized[top : top + side, left : left + side]


class _Pictures(Dataset[np.ndarray]):
    def __init__(self, paths: Sequence[Path], side: int) -> None:
        self.paths = paths
        self.side = side

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> np.ndarray:
        return prepare(load_image(self.paths[index]), self.side)


def extract(
    source: FeatureSource,
    root: Path,
    names: Sequence[str],
    *,
    grid: int,
    cache: Path | None,
    batch_size: int = 64,
    num_workers: int = 0,
    on_pictures: Callable[[int], None] = lambda count: None,
) -> Features:
    """Features (N, D) float32 of each kind.

    Args:
        source: The model.
        root: Folder of the pictures.
        names: Of their files, relative to it.
        grid: Patches of the ViT along a side.
        cache: Folder of the features; ``None`` computes them anew.
        batch_size: Pictures that go through the model at once.
        num_workers: Processes that read pictures; 0 reads them here.
        on_pictures: Called with how many more are done.

    Raises:
        DataError: A picture cannot be read.
    """
    assert names
    side = grid * source.patch_px
    chunks: list[Features] = []
    for start in range(0, len(names), CHUNK):
        members = names[start : start + CHUNK]
        paths = [root / name for name in members]
        key = _key(source, side, members, paths)
        file = None if cache is None else cache / key[:2] / f"{key}.safetensors"
        found = None if file is None else _read(file)
        if found is None:
            found = _compute(source, paths, side, batch_size, num_workers, on_pictures)
            if file is not None:
                with replacing(file) as partial:
                    save_file(found, partial)
        else:
            on_pictures(len(members))
        chunks.append(found)
    return {kind: torch.cat([chunk[kind] for chunk in chunks]) for kind in chunks[0]}


def _key(source: FeatureSource, side: int, names: Sequence[str], paths: Sequence[Path]) -> str:
    """Of everything that the features depend on; a file by its size and time."""
    digest = hashlib.blake2b(digest_size=20)
    digest.update(f"{_FORMAT}|{source.fingerprint}|{source.precision}|{side}|".encode())
    for name, path in zip(names, paths, strict=True):
        with suppress(OSError):  # a file that is gone is named where it is read
            stat = path.stat()
            digest.update(f"{name}\0{stat.st_size}\0{stat.st_mtime_ns}\0".encode())
    return digest.hexdigest()


def _read(file: Path) -> Features | None:
    try:
        return load_file(file)
    except (FileNotFoundError, SafetensorError):
        return None


def _compute(
    source: FeatureSource,
    paths: Sequence[Path],
    side: int,
    batch_size: int,
    num_workers: int,
    on_pictures: Callable[[int], None],
) -> Features:
    parts: list[Features] = []
    for batch in _batches(paths, side, batch_size, num_workers):
        parts.append(source(batch))
        on_pictures(len(batch))
    return {kind: torch.cat([part[kind] for part in parts]) for kind in parts[0]}


def _batches(
    paths: Sequence[Path], side: int, batch_size: int, num_workers: int
) -> Iterator[list[np.ndarray]]:
    loader = DataLoader(
        _Pictures(paths, side), batch_size=batch_size, num_workers=num_workers, collate_fn=list
    )
    return iter(loader)
