import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from argus.errors import DataError
from argus.serve.uploads import FORMATS, Limits, NotAPictureError, TooLargeError, read_picture

PICTURE = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)


def encode(kind: str, picture: np.ndarray = PICTURE, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", FORMATS)
def test_read_picture__every_format(kind: str) -> None:
    options = dict(lossless=True) if kind == "WEBP" else {}
    image = read_picture(encode(kind, **options), Limits())
    assert image.shape == PICTURE.shape and image.dtype == np.uint8
    if kind != "JPEG":
        assert (image == PICTURE).all()


def test_read_picture__turns_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    assert (read_picture(encode("PNG", exif=exif), Limits()) == np.rot90(PICTURE, -1)).all()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a picture",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        encode("GIF"),
        encode("PNG")[:200],
        encode("JPEG")[:300],
        encode("PNG").replace(b"IDAT", b"IDAX"),
    ],
    ids=["empty", "text", "svg", "gif", "cut png", "cut jpeg", "broken png"],
)
def test_read_picture__what_is_no_picture(data: bytes) -> None:
    with pytest.raises(NotAPictureError):
        read_picture(data, Limits())


def test_read_picture__large_file() -> None:
    with pytest.raises(TooLargeError, match=r"2\.0 MB; at most 1\.5 MB"):
        read_picture(bytes(2 * 1024 * 1024), Limits(max_upload_mb=1.5))


@pytest.mark.parametrize("side", [6000, 60_000], ids=["large", "bomb"])
def test_read_picture__small_file_of_a_huge_picture(side: int) -> None:
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    data = (
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    )
    data += struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
    with pytest.raises(TooLargeError, match="megapixels"):
        read_picture(data, Limits(max_megapixels=25))


def test_read_picture__tiny_picture() -> None:
    with pytest.raises(DataError, match="30 x 2 pixels"):
        read_picture(encode("PNG", PICTURE[:2]), Limits())
