"""Which files the words of a command line mean."""

from pathlib import Path

import pytest

from argus.commands.inputs import check_words, find_inputs
from argus.errors import DataError
from tests.commands.toy_model import write_picture, write_video


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
