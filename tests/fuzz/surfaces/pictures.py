"""Picture files: damaged, of absurd sizes, or no files at all."""

import io
import os
import struct
import zlib
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image

from argus.inference.images import load_image
from tests.fuzz.mutations import damage
from tests.fuzz.surface import Case, Surface, expect

FORMATS = dict(jpg="JPEG", png="PNG", webp="WEBP", bmp="BMP", tif="TIFF", ppm="PPM", jp2="JPEG2000")
NAMES = (
    "a b.{}",
    "\u4e2d\u6587.{}",
    "-rf.{}",
    "%s{{0}}.{}",
    "a\nb.{}",
    "x" * 200 + ".{}",
    "[1].{}",
)
WIDTH, HEIGHT = 48, 36


class Pictures(Surface):
    """``load_image``: what predictions, checks and training read pictures with."""

    name, title, share = "pictures", "picture files", 400

    def prepare(self, folder: Path) -> None:
        pixels = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
        self.files, self.pixels = {}, {}
        for suffix, name in FORMATS.items():
            stream = io.BytesIO()
            Image.fromarray(pixels).save(stream, name)
            self.files[suffix] = stream.getvalue()
            self.pixels[suffix] = load_image(self.files[suffix])

    def case(self, random: Random, folder: Path) -> Case:
        suffix = random.choice(list(FORMATS))
        content, path = self.files[suffix], folder / f"picture.{suffix}"
        match random.randrange(12):
            case 0:
                return self._no_file(random, path)
            case 1:
                path.write_bytes(content + random.randbytes(random.randint(1, 2000)))
                return self._unchanged(path, suffix, "bytes after the end")
            case 2:
                other = path.with_suffix(f".{random.choice(list(FORMATS))}")
                other.write_bytes(content)
                return self._unchanged(other, suffix, "another suffix")
            case 3:
                odd = folder / random.choice(NAMES).format(suffix)
                odd.write_bytes(content)
                return self._unchanged(odd, suffix, f"name {odd.name[:20]!r}")
            case 4:
                width, height = (random.choice((1, 7, 40_000, 2**31 - 1)) for _ in "ab")
                path = path.with_suffix(".png")
                path.write_bytes(png_of_size(width, height))
                what = f"a PNG that declares {width} x {height}"
            case _:
                what, damaged = damage(random, content)
                path.write_bytes(damaged)
        return Case(f"{suffix}: {what}", lambda: self._has_its_size(path), path.name)

    def _no_file(self, random: Random, path: Path) -> Case:
        what = random.choice(("FIFO", "endless device", "folder", "missing", "empty", "link loop"))
        match what:
            case "FIFO":
                os.mkfifo(path)
            case "endless device":
                path.symlink_to("/dev/zero")
            case "folder":
                path.mkdir()
            case "empty":
                path.touch()
            case "link loop":
                path.symlink_to(path)
        return Case(what, lambda: expect(load_image(path) is None, "a picture"), path.name)

    def _unchanged(self, path: Path, suffix: str, what: str) -> Case:
        def run() -> None:
            expect(np.array_equal(load_image(path), self.pixels[suffix]), "other pixels")

        return Case(f"{suffix}: {what}", run)

    def _has_its_size(self, path: Path) -> None:
        image = load_image(path)
        expect(image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3, "no RGB")
        with Image.open(path) as header:
            size = header.size
        expect(image.shape[:2] in (size[::-1], size), f"{image.shape} of a picture of {size}")


def png_of_size(width: int, height: int) -> bytes:
    """A small PNG file with whole checksums whose header declares any size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(20_000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )
