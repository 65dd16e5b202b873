"""Files appear whole or not at all, and are on the disk before they have their name."""

import os
from pathlib import Path

import pytest

from argus.files import durable
from argus.files.durable import forget_cached, remove_leftovers, replacing, write_json, write_text


def test_replacing__is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order that a power cut asks for: file, name, folder."""
    done = []
    real_sync, real_replace = os.fsync, os.replace

    def sync(descriptor: int) -> None:
        done.append(("sync", Path(os.readlink(f"/proc/self/fd/{descriptor}")).name))
        real_sync(descriptor)

    def replace(source: Path, target: Path) -> None:
        done.append(("move", Path(target).name))
        real_replace(source, target)

    monkeypatch.setattr(durable.os, "fsync", sync)
    monkeypatch.setattr(durable.os, "replace", replace)
    write_text(tmp_path / "folder" / "a.txt", "words")
    partial = f".a.txt.{os.getpid()}.part"
    assert done == [("sync", partial), ("move", "a.txt"), ("sync", "folder")]
    assert (tmp_path / "folder" / "a.txt").read_text() == "words"


@pytest.mark.parametrize("moment", ["writing", "sync", "move"])
def test_replacing__that_fails_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "first")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    if moment != "writing":
        monkeypatch.setattr(durable.os, dict(sync="fsync", move="replace")[moment], fail)
    with pytest.raises(OSError, match="No space"), replacing(path) as partial:
        partial.write_text("second")
        if moment == "writing":
            fail()
    assert path.read_text() == "first"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_folder__of_a_file_system_that_cannot_sync_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fsync

    def sync(descriptor: int) -> None:
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):
            raise OSError(22, "Invalid argument")
        real(descriptor)

    monkeypatch.setattr(durable.os, "fsync", sync)
    write_json(tmp_path / "a.json", {"b": 1, "a": 2}, sort_keys=True)
    assert (tmp_path / "a.json").read_text() == '{\n  "a": 2,\n  "b": 1\n}\n'


def test_leftovers__only_our_own_in_that_folder_are_removed(tmp_path: Path) -> None:
    kept = ["iter_2.pth", ".iter_2.pth.part", "x.12.part", ".hidden", ".iter_2.pth.12.part.txt"]
    for name in (*kept, ".iter_4.pth.123.part", ".last_checkpoint.9.part", "below/.a.1.part"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert remove_leftovers(tmp_path) == [".iter_4.pth.123.part", ".last_checkpoint.9.part"]
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([*kept, "below"])
    assert (tmp_path / "below" / ".a.1.part").exists()


def test_forget_cached__leaves_the_content(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "words" * 10_000)
    forget_cached(tmp_path / "a.txt")
    assert (tmp_path / "a.txt").read_text() == "words" * 10_000
