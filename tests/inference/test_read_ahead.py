"""Batches of pictures: read ahead, and one that cannot be read does not end the others."""

import os
import threading
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from argus.errors import ConfigError, DataError
from argus.inference import images
from argus.inference.read_ahead import iter_batches
from tests.commands.toy_model import write_broken, write_picture, write_video


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve pictures of which 00, 07 and 11 are broken; the red of the others is their number."""
    for index in range(12):
        write_picture(tmp_path / "in" / f"{index:02}.png", index)
    for index in (0, 7, 11):
        write_broken(tmp_path / "in" / f"{index:02}.png")
    return tmp_path / "in"


def reds(source: Any, batch_size: int = 4, **options: Any) -> list[int]:
    batches = iter_batches(source, batch_size, **options)
    return [int(picture.image[0, 0, 0]) for batch in batches for picture in batch.pictures]


WHOLE = [1, 2, 3, 4, 5, 6, 8, 9, 10]


@pytest.mark.parametrize("batch_size", [1, 2, 3, 7, 50])
def test_function__is_told_name_and_sentence_in_order(folder: Path, batch_size: int) -> None:
    told: list[tuple[str, str]] = []
    threads = set()

    def on_error(name: str, error: DataError) -> None:
        threads.add(threading.current_thread())
        told.append((name, str(error)))

    assert reds(folder, batch_size, on_error=on_error) == WHOLE
    assert [name for name, _ in told] == [str(folder / f"{i:02}.png") for i in (0, 7, 11)]
    assert all(text.startswith(f"{name}: corrupt") for name, text in told)
    assert threads == {threading.main_thread()}


@pytest.mark.parametrize("kind", ["folder", "pattern", "list"])
def test_skip__warns_once_for_each(folder: Path, kind: str) -> None:
    kinds = dict(folder=folder, pattern=f"{folder}/*.png", list=sorted(folder.iterdir()))
    with pytest.warns(UserWarning) as found:
        assert reds(kinds[kind], on_error="skip") == WHOLE
    texts = [str(warning.message) for warning in found]
    assert [text[: len("left out: ")] for text in texts] == ["left out: "] * 3
    assert "00.png: corrupt" in texts[0] and "11.png: corrupt" in texts[2]


def test_raise__is_the_default_and_comes_where_the_picture_is(folder: Path) -> None:
    batches = iter_batches(sorted(folder.iterdir())[1:], 3)
    assert len(next(batches).pictures) == len(next(batches).pictures) == 3
    with pytest.raises(DataError, match="07.png: corrupt"):
        next(batches)


def test_boxes__stay_with_their_pictures(folder: Path) -> None:
    own = [f"{index:02}" for index in range(12)]
    batches = list(iter_batches(folder, 5, boxes=iter(own), on_error=lambda *_: None))
    pairs = [
        (Path(picture.name).stem, entry)
        for batch in batches
        for picture, entry in zip(batch.pictures, batch.boxes or (), strict=True)
    ]
    assert pairs == [(f"{i:02}", f"{i:02}") for i in WHOLE]


@pytest.mark.parametrize(
    ("number", "message"), [(11, "no entry for .*11.png"), (13, "more entries than pictures")]
)
def test_boxes__too_few_and_too_many(folder: Path, number: int, message: str) -> None:
    with pytest.raises(DataError, match=message):
        reds(folder, boxes=[None] * number, on_error=lambda *_: None)


def test_boxes__cannot_be_told_apart_behind_an_unreadable_video(tmp_path: Path) -> None:
    picture = write_picture(tmp_path / "a.png", 1)
    source = [write_broken(tmp_path / "b.mp4"), picture]
    assert reds(source, on_error=lambda *_: None) == [1]
    with pytest.raises(DataError, match="b.mp4: it begins as none of the containers"):
        reds(source, boxes=[None, None], on_error=lambda *_: None)


def test_list__items_of_every_kind_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe.jpg")
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "zero.mp4").symlink_to("/dev/zero")
    clip = write_video(tmp_path / "clip.mp4", [50, 50])
    picture = write_picture(tmp_path / "a.png", 9)
    bad = [
        *(tmp_path / "empty", f"{tmp_path}/*.gif", tmp_path / "no.png", "x" * 5000, "a\0b.png"),
        *(tmp_path / "pipe.jpg", tmp_path / "pipe.mp4", tmp_path / "zero.mp4", "no.mp4"),
        *(None, b"no picture", np.zeros((2, 2, 7))),
    ]
    told: list[str] = []
    source = [item for wrong in bad for item in (wrong, picture)]
    names = []
    for batch in iter_batches([*source, clip], 4, on_error=lambda name, error: told.append(name)):
        names += [Path(one.name).name for one in batch.pictures]
    assert names == ["a.png"] * len(bad) + ["clip.mp4#000000", "clip.mp4#000001"]
    expected = [
        str(i) if isinstance(i, (str, Path)) else f"image {2 * n}" for n, i in enumerate(bad)
    ]
    assert told == expected


@pytest.mark.parametrize("kind", ["picture", "bytes", "folder", "pattern", "video", "list"])
def test_whole_source__raises_also_with_skip(tmp_path: Path, kind: str) -> None:
    (tmp_path / "empty").mkdir()
    sources: dict[str, Any] = dict(
        picture=write_broken(tmp_path / "a.jpg"),
        bytes=b"no picture",
        folder=f"{tmp_path}/empty/",
        pattern=f"{tmp_path}/*.gif",
        video=write_broken(tmp_path / "a.mp4"),
        list=[],
    )
    with pytest.raises(DataError):
        reds(sources[kind], on_error="skip")


def test_short_side__that_makes_one_picture_huge(tmp_path: Path) -> None:
    write_picture(tmp_path / "line.png", 1, size=(1, 20_000))  # which is not enlarged as much
    write_picture(tmp_path / "square.png", 2)
    told = []
    on_error = lambda name, error: told.append(str(error))  # noqa: E731
    assert reds(tmp_path, on_error=on_error, short_sides=[9000]) == [1]
    assert len(told) == 1 and "square.png: size: a short side of 9000" in told[0]


@pytest.mark.parametrize("value", ["ignore", None, 3])
def test_on_error__that_is_none(value: Any) -> None:
    with pytest.raises(ConfigError, match="on_error: expected 'raise', 'skip' or a function"):
        iter_batches([], 1, on_error=value)


def test_next_batch__is_decoded_meanwhile_by_several(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = []
    load = images.load_image

    def slow(*args: Any, **options: Any) -> np.ndarray:
        threads.append(threading.current_thread())
        time.sleep(0.05)
        return load(*args, **options)

    monkeypatch.setattr(images, "load_image", slow)
    batches = iter_batches(sorted(folder.iterdir())[1:7], 2)
    next(batches)
    deadline = time.monotonic() + 10
    while len(threads) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.2)
    assert len(threads) == 4 and len(set(threads)) > 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert sum(len(batch.pictures) for batch in batches) == 4
