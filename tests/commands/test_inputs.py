"""Which files the words of a command line mean, and how they are read."""

import time
from pathlib import Path

import pytest

from argus.commands import inputs
from argus.commands.inputs import check_words, find_inputs, frame_rate, read_batches
from argus.errors import DataError
from tests.commands.toy_model import write_broken, write_picture, write_video


def test_find__files_folders_patterns_once_and_in_order(tmp_path: Path) -> None:
    paths = [write_picture(tmp_path / "b" / f"{i}.png", i) for i in range(3)]
    other = write_picture(tmp_path / "a.jpg", 9)
    words = [str(paths[2]), str(tmp_path / "b"), str(other), str(tmp_path / "b" / "[01].png")]
    assert [item.path for item in find_inputs(words)] == [paths[2], *paths[:2], other]


def test_find__names_are_unlike(tmp_path: Path) -> None:
    for name in ("x/photo.png", "y/photo.png", "photo.jpg", "photo-2.png"):
        write_picture(tmp_path / name, 1)
    words = [str(tmp_path / n) for n in ("x", "y", "photo.jpg", "photo-2.png")]
    names = [item.name for item in find_inputs(words)]
    assert names == ["photo", "photo-2", "photo-3", "photo-2-2"]


def test_find__videos(tmp_path: Path) -> None:
    write_video(tmp_path / "clip.MP4", [1, 2])
    assert find_inputs([str(tmp_path / "clip.MP4")])[0].is_video


def test_find__empty_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no images"):
        find_inputs([str(tmp_path)])


def test_check_words__names_all_that_are_missing(tmp_path: Path) -> None:
    check_words([str(tmp_path), "*.png", "a[0].jpg"])
    with pytest.raises(DataError, match="a.jpg, b/c.png"):
        check_words(["a.jpg", str(tmp_path), "b/c.png"])


@pytest.mark.parametrize("batch_size", [1, 2, 3, 7, 50])
def test_read__order_sizes_and_broken_ones(tmp_path: Path, batch_size: int) -> None:
    for index in range(12):
        write_picture(tmp_path / f"{index:02}.png", 10 * index)
    write_broken(tmp_path / "00.png")
    write_broken(tmp_path / "07.png")
    found = find_inputs([str(tmp_path)])
    broken: list[str] = []
    told = lambda item, error: broken.append(f"{item.name} {error}")  # noqa: E731
    batches = list(read_batches(found, batch_size, on_broken=told))
    whole = [index for index in range(12) if index not in (0, 7)]
    assert [item.name for batch in batches for item, _ in batch] == [f"{i:02}" for i in whole]
    reds = [int(image[0, 0, 0]) for batch in batches for _, image in batch]
    assert reds == [10 * i for i in whole], "PNG keeps the values"
    assert all(len(batch) == batch_size for batch in batches[:-1])
    assert [text.split()[0] for text in broken] == ["00", "07"]


def test_read__next_pictures_are_decoded_meanwhile_and_few_are_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for index in range(20):
        write_picture(tmp_path / f"{index:02}.png", index)
    from argus.inference import images

    loaded = []
    load = images.load_image
    monkeypatch.setattr(images, "load_image", lambda path: loaded.append(path) or load(path))
    batches = read_batches(find_inputs([str(tmp_path)]), 2, on_broken=lambda *_: None)
    next(batches)
    deadline = time.monotonic() + 10
    while len(loaded) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert 4 <= len(loaded) <= 2 + inputs._READERS


def test_frame_rate(tmp_path: Path) -> None:
    assert frame_rate(write_video(tmp_path / "a.mp4", [1, 2, 3], rate=12)) == (12, 3)
    with pytest.raises(DataError, match=r"b\.mp4"):
        frame_rate(write_broken(tmp_path / "b.mp4"))
