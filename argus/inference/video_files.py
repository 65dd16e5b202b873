"""Which files FFmpeg may open as videos: those that hold the pictures themselves.

FFmpeg looks at the content of a file, not at its name, and among what it knows are playlists:
small texts that name other files or addresses, which it then opens. A picture of a stranger's
``clip.mp4`` could so be one of any video of this machine.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2

from argus.errors import DataError
from argus.files.foreign import raise_if_foreign

_TEXTS = (
    (b"#EXTM3U", "a playlist (HLS)"),
    (b"ffconcat", "a playlist (FFmpeg's concat)"),
    (b"<", "a text in XML, as playlists are (DASH, IMF)"),
    (b"v=0", "a description of a stream (SDP)"),
)
# Kinds of boxes that a file of the ISO base media format, or QuickTime's, begins with.
_BOXES = (b"ftyp", b"moov", b"mdat", b"moof", b"styp", b"sidx", b"free", b"skip", b"wide", b"pnot")
_MATROSKA = b"\x1a\x45\xdf\xa3"
_MPEG_START_CODE = b"\x00\x00\x01"
_TRANSPORT_PACKETS = ((0, 188), (4, 192))  # place of the first mark "G", distance of the next

# Beside our look at the content: FFmpeg's own lists, of demuxers and of ways to reach a file.
_OPTIONS = (
    "format_whitelist;mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,mpegvideo,m4v"
    "|protocol_whitelist;file"
)
_VARIABLE = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
_opening = threading.Lock()


def check_container(path: Path) -> None:
    """Refuse a file that is none of the containers that videos come in.

    Raises:
        DataError: With what it is.
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(1024)
    raise_if_foreign(head, path)
    if _is_container(head):
        return
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for beginning, kind in _TEXTS:
        if text.startswith(beginning):
            raise DataError(
                f"{path}: {kind}, which names other files, and no video. It is not opened; give "
                "the video itself."
            )
    raise DataError(
        f"{path}: it begins as none of the containers that are read (MP4, QuickTime, Matroska, "
        "WebM, AVI, MPEG). Is it a video, and whole? Converting it helps: ffmpeg -i IN -c:v "
        "libx264 OUT.mp4."
    )


def _is_container(head: bytes) -> bool:
    if head[4:8] in _BOXES or head.startswith((_MATROSKA, _MPEG_START_CODE)):
        return True
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return True
    return any(
        head[first : first + 1] == b"G" == head[first + step : first + step + 1]
        for first, step in _TRANSPORT_PACKETS
    )


@contextmanager
def own_file_alone() -> Iterator[None]:
    """Let FFmpeg, where OpenCV opens a video within, read that file and nothing beside it."""
    with _opening:
        before = os.environ.get(_VARIABLE)
        os.environ[_VARIABLE] = _OPTIONS if before is None else f"{before}|{_OPTIONS}"
        try:
            yield
        finally:
            if before is None:
                del os.environ[_VARIABLE]
            else:
                os.environ[_VARIABLE] = before


def open_video(path: Path) -> cv2.VideoCapture:
    """The video in a file, by FFmpeg; it may not be opened if FFmpeg does not know it.

    Raises:
        DataError: As :func:`check_container`.
        OSError: It cannot be read.
    """
    check_container(path)
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # its own lines; ours say it
    with own_file_alone():
        # The whole path: one that begins with "http:" or "concat:" is no file to FFmpeg. OpenCV's
        # other readers would take a picture of any size for a video.
        return cv2.VideoCapture(os.path.abspath(path), cv2.CAP_FFMPEG)
