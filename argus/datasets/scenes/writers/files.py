"""Encoding pictures and JSON to disk, with an error instead of OpenCV's silent ``False``."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from argus.errors import DataError

JPEG_QUALITY = 95


def write_image(path: Path, image: np.ndarray) -> None:
    """Write (H, W) or RGB (H, W, 3) uint8, or (H, W) uint16 as PNG or JPEG by the suffix.

    Raises:
        DataError: The file could not be written.
    """
    pixels = image[..., ::-1] if image.ndim == 3 else image
    options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY, cv2.IMWRITE_PNG_COMPRESSION, 2]
    suffix = ".jpg" if path.suffix.lower() in (".jpg", ".jpeg") else ".png"
    done, data = cv2.imencode(suffix, np.ascontiguousarray(pixels), options)
    assert done, (path, image.shape, image.dtype)
    try:
        path.write_bytes(data.tobytes())
    except OSError as error:
        raise DataError(f"cannot write {path}: {error.strerror}; free some space") from error


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON file without white space, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, separators=(",", ":")), encoding="ascii")


def write_lines(path: Path, lines: list[str]) -> None:
    """Write a text file with one entry per line, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="ascii")
