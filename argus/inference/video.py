"""Frames of a video file."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np

from argus.errors import DataError
from argus.files.pictures import check_size
from argus.files.regular import check_regular_file
from argus.inference.video_files import open_video

VIDEO_SUFFIXES = (".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg")
# What a file states of its frames is an estimate with some codecs.
_WHOLE_SHARE = 0.95
_USUAL_RATE = 25.0  # for a file that states none


def iter_frames(path: str | Path) -> Iterator[tuple[str, np.ndarray]]:
    """The frames of a video in order; one at a time is held.

    Args:
        path: A file that OpenCV reads.

    Yields:
        ``clip.mp4#000120``, frames counted from 0; and RGB uint8 (H, W, 3).

    Raises:
        DataError: The file is missing or not a regular one, its frames are too large, or none can
            be read; or it is a playlist, which names other files.

    Warns:
        UserWarning: It has fewer frames than it states.
    """
    path = Path(path)
    count = 0
    with _opened(path) as video:
        stated = int(video.get(cv2.CAP_PROP_FRAME_COUNT))
        while True:
            is_read, frame = video.read()
            if not is_read:
                break
            yield f"{path}#{count:06d}", cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
            count += 1
    if not count:
        raise _no_frame(path)
    if count < _WHOLE_SHARE * stated:
        warnings.warn(
            f"{path}: {count:,} of the {stated:,} frames that it states could be read; it is cut "
            "off or damaged after them",
            stacklevel=2,
        )


def frame_rate(path: Path) -> tuple[float, int | None]:
    """Frames per second of a video, and how many; ``None`` if the file does not say.

    Raises:
        DataError: As :func:`iter_frames`.
    """
    with _opened(path) as video:
        rate, count = video.get(cv2.CAP_PROP_FPS), int(video.get(cv2.CAP_PROP_FRAME_COUNT))
    return (rate if 0 < rate < 1000 else _USUAL_RATE), (count if count > 0 else None)


@contextmanager
def _opened(path: Path) -> Iterator[cv2.VideoCapture]:
    """A video whose kind of file and size of frames have been looked at."""
    try:
        check_regular_file(path)
        video = open_video(path)
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        width, height = (
            int(video.get(key)) for key in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
        )
        if not video.isOpened() or not width * height:
            raise _no_frame(path)
        try:
            check_size(width, height, num_bytes=path.stat().st_size)
        except DataError as error:
            raise DataError(f"{path}: {error}") from error
        yield video
    finally:
        video.release()


def _no_frame(path: Path) -> DataError:
    return DataError(
        f"{path}: OpenCV reads no frame of it. Is it a video, and whole? Converting it helps if "
        "its codec is unknown: ffmpeg -i IN -c:v libx264 OUT.mp4."
    )
