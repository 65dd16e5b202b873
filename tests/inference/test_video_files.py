"""Files named like videos that would make FFmpeg open others, and containers of every kind."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from argus.errors import DataError
from argus.inference.images import iter_images
from argus.inference.video import frame_rate, iter_frames
from argus.inference.video_files import own_file_alone

PLAYLISTS = {
    "HLS": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nother.mp4\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile other.mp4\n",
    "SDP": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
    "XML": '<?xml version="1.0"?><MPD profiles="urn:mpeg:dash:profile:full:2011"></MPD>',
}


def write(path: Path, codec: str = "mp4v", count: int = 3) -> Path:
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), 25, (32, 16))
    for index in range(count):
        video.write(np.full((16, 32, 3), min(60 * index, 255), np.uint8))
    video.release()
    return path


@pytest.mark.parametrize("kind", PLAYLISTS)
@pytest.mark.parametrize("start", ["", "\ufeff", "\n "])
def test_playlist__is_refused_by_content(tmp_path: Path, kind: str, start: str) -> None:
    write(tmp_path / "other.mp4")
    clip = tmp_path / "clip.mp4"
    clip.write_text(start + PLAYLISTS[kind], encoding="utf-8")
    for read in (frame_rate, lambda path: next(iter_frames(path))):
        with pytest.raises(DataError, match=rf"clip.mp4: a .*{kind}.*no video. It is not opened"):
            read(clip)
    with pytest.raises(DataError, match="It is not opened"):
        list(iter_images(clip))


@pytest.mark.parametrize("kind", ["HLS", "concat"])
def test_own_file_alone__ffmpeg_itself_opens_no_playlist(tmp_path: Path, kind: str) -> None:
    """The second lock, for a file that our look at its beginning would let through."""
    write(tmp_path / "other.mp4")
    clip = tmp_path / "clip.mp4"
    clip.write_text(PLAYLISTS[kind])
    assert cv2.VideoCapture(str(clip), cv2.CAP_FFMPEG).isOpened(), "it is a threat"
    with own_file_alone():
        assert not cv2.VideoCapture(str(clip), cv2.CAP_FFMPEG).isOpened()
        assert cv2.VideoCapture(str(tmp_path / "other.mp4"), cv2.CAP_FFMPEG).isOpened()
    assert cv2.VideoCapture(str(clip), cv2.CAP_FFMPEG).isOpened()


def test_own_file_alone__options_of_the_user_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
    monkeypatch.setenv(name, "threads;1")
    with own_file_alone():
        assert os.environ[name].startswith("threads;1|format_whitelist;")
    assert os.environ[name] == "threads;1"


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp4", "mp4v"),
        ("a.mov", "mp4v"),
        ("a.m4v", "mp4v"),
        ("a.mkv", "mp4v"),
        ("a.webm", "VP80"),
        ("a.avi", "MJPG"),
        ("a.mpg", "PIM1"),
        ("a.mpeg", "mpg2"),
    ],
)
def test_container__of_every_suffix_is_read(tmp_path: Path, name: str, codec: str) -> None:
    frames = [frame for _, frame in iter_frames(write(tmp_path / name, codec))]
    assert len(frames) == 3 and frames[2].mean() > 100 > frames[0].mean()


def test_container__by_content_whatever_the_name(tmp_path: Path) -> None:
    stream = write(tmp_path / "a.ts", "mpg2", count=40)
    assert len(list(iter_frames(stream.rename(tmp_path / "stream.mp4")))) == 40


def test_container__other_bytes_and_pointers_are_named(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"GIF89a and so on")
    with pytest.raises(DataError, match="begins as none of the containers.*MP4.*ffmpeg -i"):
        frame_rate(clip)
    clip.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    with pytest.raises(DataError, match="a pointer of Git LFS.*git lfs pull"):
        frame_rate(clip)


def test_path__that_begins_like_a_protocol_is_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "http:").mkdir()
    write(tmp_path / "http:/a.mp4")
    monkeypatch.chdir(tmp_path)
    assert len(list(iter_frames("http:/a.mp4"))) == 3
