"""Frames of a video file."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from argus.errors import DataError
from argus.picture_files import check_regular_file

VIDEO_SUFFIXES = (".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg")


def iter_frames(path: str | Path) -> Iterator[tuple[str, np.ndarray]]:
    """The frames of a video in order; one at a time is held.

    Args:
        path: A file that OpenCV reads.

    Yields:
        ``clip.mp4#000120``, frames counted from 0; and RGB uint8 (H, W, 3).

    Raises:
        DataError: The file is missing, or no frame can be read.
    """
    path = Path(path)
    if not path.exists():
        raise DataError(f"{path}: no such file")
    check_regular_file(path)
    video = cv2.VideoCapture(str(path))
    try:
        count = 0
        while True:
            is_read, frame = video.read()
            if not is_read:
                break
            yield f"{path}#{count:06d}", cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
            count += 1
    finally:
        video.release()
    if not count:
        raise DataError(
            f"{path}: OpenCV reads no frame of it. Is it a video, and whole? Converting it helps "
            "if its codec is unknown: ffmpeg -i IN -c:v libx264 OUT.mp4."
        )
