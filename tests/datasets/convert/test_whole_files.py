import errno
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from argus.datasets.convert import whole_files
from argus.errors import DataError


def test_replacing__an_interrupted_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a/b.txt"
    whole_files.write_bytes(path, b"old")
    with pytest.raises(KeyboardInterrupt), whole_files.replacing(path) as partial:
        partial.write_bytes(b"half of the ne")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"old"
    assert os.listdir(path.parent) == ["b.txt"]


def test_replacing__what_a_killed_run_left_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "b.txt"
    (tmp_path / ".b.txt.partial").write_bytes(b"a longer leftover of a killed run")
    whole_files.write_bytes(path, b"new")
    assert os.listdir(tmp_path) == ["b.txt"]
    assert path.read_bytes() == b"new"


def test_replacing__full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, content: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(DataError, match=r"cannot write .*No space left.*run the same command"):
        whole_files.write_bytes(tmp_path / "b.txt", b"x")
    assert not os.listdir(tmp_path)


def test_write_chunks__fewer_bytes_than_announced(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="found 3 bytes, expected 4"):
        whole_files.write_chunks(tmp_path / "b", [b"ab", b"c"], 4)
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [(), (3,)])
def test_write_png__round_trip(tmp_path: Path, dtype: type, channels: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, np.iinfo(dtype).max, (7, 5, *channels), dtype, endpoint=True)
    whole_files.write_png(tmp_path / "a.png", pixels)
    read = cv2.imread(str(tmp_path / "a.png"), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(read[..., ::-1] if channels else read, pixels)


def test_place__links_on_the_same_disk_and_copies_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "source.txt"
    source.write_text("content")
    whole_files.place(tmp_path / "link.txt", source)
    assert (tmp_path / "link.txt").samefile(source)

    def other_disk(*args: object) -> None:
        raise OSError(errno.EXDEV, "another disk")

    monkeypatch.setattr(os, "link", other_disk)
    whole_files.place(tmp_path / "copy.txt", source)
    assert not (tmp_path / "copy.txt").samefile(source)
    assert (tmp_path / "copy.txt").read_text() == "content"
    source.unlink()
    assert (tmp_path / "link.txt").read_text() == "content"


def test_place__onto_itself_keeps_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("content")
    whole_files.place(path, path)
    assert path.read_text() == "content"


def test_list_names__suffix_hidden_and_missing(tmp_path: Path) -> None:
    for name in ("b.JPEG", "a.jpeg", ".c.jpeg", "c.png"):
        (tmp_path / name).touch()
    assert whole_files.list_names(tmp_path, ".jpeg") == ["a.jpeg", "b.JPEG"]
    assert whole_files.list_names(tmp_path / "nowhere", ".jpeg") == []
