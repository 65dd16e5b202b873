"""Pictures from files, folders, patterns, videos and lists."""

import io
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from argus.errors import DataError
from argus.files.pictures import MAX_MEGAPIXELS_VARIABLE
from argus.inference.images import is_single, iter_images, load_image, locate_images
from argus.inference.video import frame_rate, iter_frames

RNG = np.random.default_rng(0)
RGB = RNG.integers(0, 256, (12, 16, 3), np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pictures 1, 2 and 10, one below, and a file that is none."""
    (tmp_path / "below").mkdir()
    for name in ("1.png", "2.PNG", "10.png", "below/3.png"):
        Image.fromarray(RGB).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no picture")
    return tmp_path


def names(source: object) -> list[str]:
    return [Path(name).name for name, _ in iter_images(source)]


def write_video(path: Path, count: int) -> Path:
    video = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (16, 12))
    for index in range(count):
        video.write(np.full((12, 16, 3), 20 * index, np.uint8))
    video.release()
    return path


# --- one picture ---


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1", "CMYK", "I;16", "I"])
def test_pil__any_mode_gives_what_its_file_gives(tmp_path: Path, mode: str) -> None:
    if mode in ("I;16", "I"):
        values = RNG.integers(0, 65536, (12, 16)).astype(np.uint16)
        image = Image.fromarray(values)
        stored = image  # a PNG holds no more than 16 bits
        image = image if mode == "I;16" else Image.fromarray(values.astype(np.int32))
    else:
        stored = image = Image.fromarray(RGB).convert(mode)
    path = tmp_path / ("a.tif" if mode == "CMYK" else "a.png")
    stored.save(path)
    found = load_image(image)
    assert found.dtype == np.uint8 and found.shape == (12, 16, 3)
    if mode not in ("CMYK", "LA"):  # converted by another formula; drops alpha by another rule
        np.testing.assert_allclose(found, load_image(path), atol=1)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif__orientation_is_honoured_in_files_and_in_pil(
    tmp_path: Path, orientation: int
) -> None:
    marked = np.zeros((16, 32, 3), np.uint8)
    marked[:8, :8] = 255  # the upper left corner
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "a.jpg"
    Image.fromarray(marked).save(path, exif=exif, quality=100, subsampling=0)
    found = load_image(path)
    assert found.shape == ((16, 32, 3) if orientation < 5 else (32, 16, 3))
    corners = {1: (0, 0), 2: (0, -1), 3: (-1, -1), 4: (-1, 0)}
    corners |= {5: (0, 0), 6: (0, -1), 7: (-1, -1), 8: (-1, 0)}
    assert (found[corners[orientation]] > 250).all() and (found > 128).mean() == 64 / 512
    np.testing.assert_allclose(load_image(Image.open(path)), found, atol=2)


def test_bytes__of_a_file(folder: Path) -> None:
    content = (folder / "1.png").read_bytes()
    for source in (content, bytearray(content), memoryview(content), io.BytesIO(content)):
        assert is_single(source)
        np.testing.assert_array_equal(load_image(source), RGB)


def test_open_file__stays_open(folder: Path) -> None:
    with (folder / "1.png").open("rb") as file:
        np.testing.assert_array_equal(load_image(file), RGB)
        assert not file.closed
    with pytest.raises(DataError, match="image 0: the file cannot be read"):
        list(iter_images([file]))
    with (folder / "notes.txt").open() as text, pytest.raises(DataError, match="mode 'rb'"):
        load_image(text)


def test_open_file__at_its_end(folder: Path) -> None:
    """Written a moment ago, and not wound back."""
    file = io.BytesIO()
    file.write((folder / "1.png").read_bytes())
    with pytest.raises(DataError, match=r"up to its end, byte \d+, .*file\.seek\(0\)"):
        load_image(file)
    file.seek(0)
    np.testing.assert_array_equal(load_image(file), RGB)
    with pytest.raises(DataError, match="the file is empty"):
        load_image(io.BytesIO())


def test_pil__of_a_mode_that_becomes_no_other() -> None:
    image = Image.fromarray(RGB).convert("LA").convert("La")
    with pytest.raises(DataError, match="cannot be read: conversion from La"):
        load_image(image)


def test_array_like__is_its_array() -> None:
    class Foreign:
        def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
            return RGB

    np.testing.assert_array_equal(load_image(Foreign()), RGB)


@pytest.mark.parametrize("kind", ["file", "I;16", "I"])
def test_16_bits__that_hold_values_of_8_are_refused(tmp_path: Path, kind: str) -> None:
    """They would be black, without a word."""
    values = RGB[..., 0].astype(np.uint16)
    source: Any = Image.fromarray(values if kind != "I" else values.astype(np.int32))
    if kind == "file":
        source.save(tmp_path / "a.png")
        source = tmp_path / "a.png"
    with pytest.raises(DataError, match=r"black in \[0, 65535\]"):
        load_image(source)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "empty"), (b"GIF or not", "corrupt"), (b"\xff\xd8\xff\xd9", "does not decode")],
)
def test_file__broken(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "bad.jpg"
    path.write_bytes(content)
    with pytest.raises(DataError, match=f"bad.jpg: .*{message}"):
        load_image(path)


def test_file__cut_off(tmp_path: Path) -> None:
    whole = tmp_path / "a.jpg"
    Image.fromarray(RNG.integers(0, 256, (64, 64, 3), np.uint8)).save(whole)
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(whole.read_bytes()[:-500])
    with pytest.raises(DataError, match="cut.jpg: corrupt or truncated"):
        load_image(cut)
    with pytest.raises(DataError, match="PIL image cannot be read"):
        load_image(Image.open(cut))


@pytest.mark.parametrize("source", [None, 3, {"image": 1}, object()])
def test_type__unknown(source: object) -> None:
    with pytest.raises(DataError, match="is no picture. Give a path"):
        list(iter_images(source))


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nothing.png: no such file"):
        list(iter_images(tmp_path / "nothing.png"))


# --- several ---


def test_folder__pictures_in_the_order_of_their_names(folder: Path) -> None:
    assert names(folder) == names(str(folder)) == ["1.png", "10.png", "2.PNG"]


def test_folder__without_pictures(folder: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    (empty / "deep").mkdir(parents=True)
    with pytest.raises(DataError, match="no images in this folder"):
        list(iter_images(empty))
    Image.fromarray(RGB).save(empty / "deep" / "a.png")
    with pytest.raises(DataError, match=r"There are some below it.*\*\*"):
        list(iter_images(empty))


def test_folder__leaves_no_picture_out_in_silence(tmp_path: Path) -> None:
    """What data sets take for a picture, predictions do; a phone's that is not read is told."""
    for name in ("a.gif", "b.jfif", "c.jpe", "d.avif"):
        Image.fromarray(RGB).save(tmp_path / name)
    (tmp_path / "e.HEIC").write_bytes(b"\0\0\0\x18ftypheic" + b"\0" * 100)
    write_video(tmp_path / "f.avi", 2)
    with pytest.warns(UserWarning, match=r"1 video is left out of the folder \(f\.avi\)"):
        found = list(locate_images(tmp_path))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(list(locate_images([tmp_path, tmp_path / "f.avi"]))) == 7
    assert [Path(name).suffix for name, _ in found] == [".gif", ".jfif", ".jpe", ".avif", ".HEIC"]
    for _, load in found[:-1]:
        assert load().shape == RGB.shape
    with pytest.raises(DataError, match="a HEIC picture"):
        found[-1][1]()


def test_glob__also_below(folder: Path) -> None:
    assert names(f"{folder}/1*") == ["1.png", "10.png"]
    assert sorted(names(f"{folder}/**/*")) == ["1.png", "10.png", "2.PNG", "3.png"]


def test_glob__that_matches_nothing(folder: Path) -> None:
    with pytest.raises(DataError, match=r"\*.gif: no match. Quote the pattern"):
        list(iter_images(f"{folder}/*.gif"))
    with pytest.raises(DataError, match="1 match, none of them an image"):
        list(iter_images(f"{folder}/*.txt"))


def test_glob__a_file_whose_name_looks_like_a_pattern(tmp_path: Path) -> None:
    path = tmp_path / "a[1].png"
    Image.fromarray(RGB).save(path)
    assert is_single(path) and names(path) == ["a[1].png"]


def test_list__of_anything(folder: Path) -> None:
    video = write_video(folder / "clip.avi", 2)
    found = list(iter_images([RGB, folder / "1.png", Image.fromarray(RGB), video]))
    assert [Path(name).name for name, _ in found] == [
        *("image 0", "1.png", "image 2", "clip.avi#000000", "clip.avi#000001")
    ]
    for _, image in found[:3]:
        np.testing.assert_array_equal(image, RGB)


def test_list__empty_or_with_a_bad_item() -> None:
    with pytest.raises(DataError, match="the list is empty"):
        list(iter_images([]))
    with pytest.raises(DataError, match="image 1: a NoneType is no picture"):
        list(iter_images([RGB, None]))


@pytest.mark.parametrize(
    ("source", "expected"),
    [(RGB, True), (b"x", True), ("a.jpg", True), ([RGB], False), ((RGB,), False)]
    + [("*.jpg", False), ("clip.MP4", False), (".", False), (Path("."), False)],
)
def test_single__or_several(source: object, expected: bool) -> None:
    assert is_single(source) is expected


# --- videos ---


def test_video__frames_in_order(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.avi", 5)
    frames = list(iter_frames(path))
    assert [name for name, _ in frames] == [f"{path}#{index:06d}" for index in range(5)]
    for index, (_, frame) in enumerate(frames):
        assert frame.shape == (12, 16, 3) and abs(int(frame.mean()) - 20 * index) <= 3


def test_video__cut_off(tmp_path: Path) -> None:
    """Its head states all frames, half of which are there."""
    video = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter_fourcc(*"MJPG"), 10, (160, 120))
    noise = np.random.default_rng(0).integers(0, 256, (12, 120, 160, 3), dtype=np.uint8)
    for frame in noise:
        writer.write(frame)
    writer.release()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(list(iter_frames(video))) == 12
    video.write_bytes(video.read_bytes()[: video.stat().st_size // 2])
    with pytest.warns(UserWarning, match=r"clip\.avi: \d+ of the 12 frames .* cut off or damaged"):
        assert 2 < len(list(iter_frames(video))) < 10


def test_video__missing_or_no_video(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        list(iter_images(tmp_path / "clip.mp4"))
    whole = write_video(tmp_path / "whole.avi", 3).read_bytes()
    (tmp_path / "bad.mp4").write_bytes(whole[:40])
    with pytest.raises(DataError, match="OpenCV reads no frame"):
        list(iter_images(tmp_path / "bad.mp4"))


def test_video__rate_and_number_of_frames(tmp_path: Path) -> None:
    assert frame_rate(write_video(tmp_path / "clip.avi", 5)) == (10, 5)


@pytest.mark.parametrize("read", [frame_rate, lambda path: list(iter_frames(path))])
@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "text", "nothing"])
def test_video__that_is_none(tmp_path: Path, read: Callable[[Path], object], kind: str) -> None:
    path = tmp_path / "clip.mp4"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "folder":
        path.mkdir()
    elif kind == "text":
        path.write_text("#EXTM3U\n#EXTINF:1,\n/etc/passwd\n")
    with pytest.raises(DataError, match=f"^{path}: [^\n]+$"):
        read(path)


@pytest.mark.parametrize("read", [frame_rate, lambda path: list(iter_frames(path))])
def test_video__frames_beyond_the_limit(
    tmp_path: Path, read: Callable[[Path], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_video(tmp_path / "clip.avi", 2)
    monkeypatch.setenv(MAX_MEGAPIXELS_VARIABLE, "0.0001")
    with pytest.raises(DataError, match="clip.avi: declares 16 x 12 pixels"):
        read(path)
