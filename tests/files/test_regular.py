"""Files that are no files."""

import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from argus.datasets.checks.coco_entries import read_annotations
from argus.errors import DataError
from argus.files.regular import read_regular_file


@pytest.mark.parametrize("read", [read_regular_file, read_annotations])
def test_read__pipe(tmp_path: Path, read: Callable[[Path], object]) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(DataError, match="a pipe, not a regular file"):
        read(tmp_path / "pipe.jpg")


def test_read_regular_file__name_with_a_nul() -> None:
    with pytest.raises(DataError, match="no name of a file"):
        read_regular_file("a\0b.png")


def test_read_regular_file__takes_the_memory_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"x" * 1000)
    tracemalloc.start()
    try:
        assert len(read_regular_file(tmp_path / "a.jpg")) == 1000
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("path", "kind"), [("/dev/zero", "device"), ("/", "folder")])
def test_read_regular_file__device_and_folder(path: str, kind: str) -> None:
    with pytest.raises(DataError, match=f"a {kind}, not a regular file"):
        read_regular_file(path)


def test_read_regular_file__link(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    (tmp_path / "link").symlink_to("file")
    assert read_regular_file(tmp_path / "link") == b"abc"
