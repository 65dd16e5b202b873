"""Shards without pictures that are too small, and with large ones made smaller; keys stay.

Source: "Revisiting Multi-Task Visual Representation Learning" (arXiv 2601.13886): pictures with a
short side below 224 pixels are left out, and the long side is brought down to 1024. ``img2dataset``
does the same while it fetches; this is for shards that are there already.
"""

import tarfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import UnidentifiedImageError

from argus.datasets.shards.index import read_index
from argus.datasets.shards.shard_set import read_members
from argus.datasets.shards.writer import add_member
from argus.datasets.transforms.loading import decode_image
from argus.errors import ConfigError, DataError
from argus.files.pictures import open_picture
from argus.mtv.corpus.rewriting import RecordKind, rewritten
from argus.mtv.data.shard_pairs import PICTURES

SIEVED = RecordKind(suffix="sieved", form="argus-sieved-1", what="a sieved shard")
KEPT, SHRUNK, SMALL, BROKEN = "kept", "shrunk", "small", "broken"
"""Counts of a shard: samples kept, those of them made smaller; left out as too small, or broken."""
# Written as they were; others become JPEG.
_AS_THEY_ARE = {
    "jpg": ("jpg", cv2.IMWRITE_JPEG_QUALITY),
    "jpeg": ("jpg", cv2.IMWRITE_JPEG_QUALITY),
    "webp": ("webp", cv2.IMWRITE_WEBP_QUALITY),
}


@dataclass(frozen=True, kw_only=True)
class Sieve:
    """What is left out and what is made smaller.

    Args:
        min_short_px: Of the short side; 0 for any.
        max_long_px: Of the long side.
        quality: Of JPEG and WebP that are written anew.

    Raises:
        ConfigError: A value is out of range.
    """

    min_short_px: int = 224
    max_long_px: int = 1024
    quality: int = 95

    def __post_init__(self) -> None:
        if not 0 <= self.min_short_px <= self.max_long_px or self.max_long_px < 1:
            raise ConfigError(
                "expected 0 <= shortest side <= longest side, found "
                f"{self.min_short_px} and {self.max_long_px}."
            )
        if not 1 <= self.quality <= 100:
            raise ConfigError(f"quality: expected 1 to 100, found {self.quality}.")


def sieve_shard(shard: Path, out: Path, sieve: Sieve) -> dict[str, Any]:
    """Write what is left of a shard, and a record of it; one that is there already is left alone.

    Pictures that are small enough, and all other members, are copied byte by byte. What they say of
    a picture's size (``img2dataset``'s ``json``) is copied too, and then that of the original.

    Args:
        shard: A tar file of samples.
        out: Folder of what is left; another one than that of the shard.
        sieve: What is left out.

    Returns:
        The record: ``samples``, and how many are ``kept``, ``shrunk``, ``small`` and ``broken``.

    Raises:
        ConfigError: It would overwrite the shard, or was written with other settings.
        DataError: The shard is none.
    """

    def fill(tar: tarfile.TarFile) -> Mapping[str, Any]:
        index = read_index(shard)
        counts: Counter[str] = Counter()
        for place in range(len(index)):
            try:
                members = read_members(shard, index.members(place))
                left, what = sieved(members, sieve)
            except DataError:
                left, what = None, BROKEN
            counts[what] += 1
            for kind, content in (left or {}).items():
                add_member(tar, f"{index.key(place)}.{kind}", content)
        return dict(
            source_fault=index.fault,
            samples=len(index),
            kept=counts[KEPT] + counts[SHRUNK],
            shrunk=counts[SHRUNK],
            small=counts[SMALL],
            broken=counts[BROKEN],
        )

    settings = dict(asdict(sieve), source_bytes=shard.stat().st_size)
    return rewritten(shard, out, kind=SIEVED, settings=settings, fill=fill)


def sieved(members: Mapping[str, bytes], sieve: Sieve) -> tuple[dict[str, bytes] | None, str]:
    """What is left of a sample.

    Args:
        members: Of the sample.
        sieve: What is left out.

    Returns:
        Its members, or ``None``; and :data:`KEPT`, :data:`SHRUNK` or :data:`SMALL`.

    Raises:
        DataError: It has no picture, or one that does not decode.
    """
    kind = next((kind for kind in members if kind in PICTURES), None)
    if kind is None:
        raise DataError("it has no picture")
    try:
        width, height = open_picture(members[kind]).size
    except UnidentifiedImageError as error:
        raise DataError(str(error)) from error
    if min(width, height) < sieve.min_short_px:
        return None, SMALL
    if max(width, height) <= sieve.max_long_px:
        return dict(members), KEPT
    named, content = _shrunk(kind, members[kind], sieve)
    return {(named if own == kind else own): value for own, value in members.items()} | {
        named: content
    }, SHRUNK


def _shrunk(kind: str, content: bytes, sieve: Sieve) -> tuple[str, bytes]:
    """A picture with the long side that is let through, upright; and the kind that it has now."""
    image: np.ndarray = decode_image(content)
    height, width = image.shape[:2]
    scale = sieve.max_long_px / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    if kind == "png":
        suffix, options = "png", []
    else:
        suffix, quality = _AS_THEY_ARE.get(kind, ("jpg", cv2.IMWRITE_JPEG_QUALITY))
        options = [quality, sieve.quality]
    done, encoded = cv2.imencode(f".{suffix}", small, options)
    assert done, size
    return kind if kind in (*_AS_THEY_ARE, "png") else "jpg", encoded.tobytes()
