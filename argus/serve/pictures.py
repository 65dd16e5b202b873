"""Pictures and maps for a browser: small enough to send, as addresses that need no server."""

import base64
import io

import cv2
import numpy as np
from PIL import Image

JPEG_QUALITY = 90


def shrink(image: np.ndarray, side_px: int) -> np.ndarray:
    """RGB at most ``side_px`` long; smaller ones as they are."""
    height, width = image.shape[:2]
    zoom = side_px / max(height, width)
    if zoom >= 1:
        return image
    size = (max(1, round(width * zoom)), max(1, round(height * zoom)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def picked(height: int, width: int, side_px: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the pixels that a map at most ``side_px`` long shows."""
    zoom = min(1.0, side_px / max(height, width))
    rows, columns = (
        (np.arange(count) + 0.5) * side / count
        for side, count in ((side, max(1, round(side * zoom))) for side in (height, width))
    )
    return rows.astype(int), columns.astype(int)


def pick(values: np.ndarray, side_px: int) -> np.ndarray:
    """A map ``(H, W, ...)`` at most ``side_px`` long; values are picked, never mixed."""
    height, width = values.shape[:2]
    return values[np.ix_(*picked(height, width, side_px))]


def encode_png(image: np.ndarray) -> bytes:
    """RGB ``(H, W, 3)`` uint8 as a PNG file; level 4 is twice as fast as the default 6."""
    return _encode(image, "PNG", compress_level=4)


def png_url(image: np.ndarray) -> str:
    """RGB as an address, without loss."""
    return data_url(encode_png(image), "image/png")


def jpeg_url(image: np.ndarray) -> str:
    """RGB as an address; colours are kept at full resolution, since outlines are thin."""
    data = _encode(image, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return data_url(data, "image/jpeg")


def _encode(image: np.ndarray, kind: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, kind, **options)
    return buffer.getvalue()


def data_url(data: bytes, mime: str) -> str:
    """A file as an address."""
    return f"data:{mime};base64,{base64.b64encode(data).decode('ascii')}"
