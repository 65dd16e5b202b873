"""What is in a tar file, whoever wrote it, and whatever is wrong with it."""

import io
import os
import tarfile
from pathlib import Path

import pytest

from argus.datasets.shards import index, shard_set
from argus.datasets.shards.__main__ import main
from argus.datasets.shards.index import places_of, read_index, scan
from argus.datasets.shards.members import split_name
from argus.datasets.shards.shard_set import ShardSet
from argus.datasets.shards.writer import ShardWriter
from argus.errors import DataError
from tests.datasets.shards.toy import write_shards


def entries(path: Path, *members: tuple[str, bytes], kind: bytes = tarfile.REGTYPE) -> Path:
    with tarfile.open(path, "w") as tar:
        for name, content in members:
            entry = tarfile.TarInfo(name)
            entry.size, entry.type = len(content), kind
            entry.linkname = "/etc/passwd"
            tar.addfile(entry, io.BytesIO(content))
    return path


@pytest.mark.parametrize(
    "name, expected",
    [
        ("a/b.c/000.seg.png", ("a/b.c/000", "seg.png")),
        ("000.JPG", ("000", "jpg")),
        ("/etc/x.jpg", ("/etc/x", "jpg")),
        ("000", None),
        (".hidden", None),
        ("a/000.", None),
        ("a" * 2000 + ".jpg", None),
    ],
)
def test_split_name__as_webdataset_does(name: str, expected: tuple[str, str] | None) -> None:
    assert split_name(name) == expected
    if expected and "/etc" not in name:
        pieces = pytest.importorskip("webdataset.tariterators").base_plus_ext(name)
        assert (pieces[0], pieces[1].lower()) == expected


def test_shards__are_read_by_webdataset_and_its_own_by_us(tmp_path: Path) -> None:
    webdataset = pytest.importorskip("webdataset")
    long = "folder/" * 30 + "x" * 60
    samples = [(f"s{i}", {"jpg": bytes([i]) * 700, "txt": b"t"}) for i in range(3)]
    samples.append((long, {"jpg": b"j", "seg.json": b"{}"}))
    with ShardWriter(tmp_path / "ours", samples_per_shard=9) as writer:
        for key, members in samples:
            writer.write(key, members)
    theirs = webdataset.WebDataset(str(tmp_path / "ours/00000.tar"), shardshuffle=False)
    found = [(s["__key__"], {k: v for k, v in s.items() if not k.startswith("__")}) for s in theirs]
    assert found == samples
    (tmp_path / "theirs").mkdir()
    with webdataset.TarWriter(str(tmp_path / "theirs/0.tar"), encoder=False) as tar:
        for key, members in samples:
            tar.write({"__key__": key, **members})
    shards = ShardSet(tmp_path / "theirs")
    assert [(shards.key(i), shards.read(i)) for i in range(len(shards))] == samples


def test_writer__equal_samples_give_equal_bytes(tmp_path: Path) -> None:
    first, second = (write_shards(tmp_path / name, 5) for name in "ab")
    for path in first.glob("*.tar"):
        assert path.read_bytes() == (second / path.name).read_bytes()
    with pytest.raises(DataError, match="shards are there already"):
        ShardWriter(first, samples_per_shard=4)


@pytest.mark.parametrize("key", ["../up", "/root", "a.b", ""])
def test_writer__refuses_keys_that_would_be_read_otherwise(tmp_path: Path, key: str) -> None:
    with pytest.raises(DataError, match="expected a key"):
        with ShardWriter(tmp_path, samples_per_shard=4) as writer:
            writer.write(key, {"txt": b""})
    assert not list(tmp_path.glob("*.tar"))


def test_index__is_kept_as_long_as_the_file_stays(tmp_path: Path) -> None:
    path = entries(tmp_path / "a.tar", ("0.txt", b"first"))
    assert read_index(path).keys == ("0",)
    kept = places_of(path)[0].read_bytes()
    assert read_index(path).keys == ("0",) and places_of(path)[0].read_bytes() == kept
    entries(path, ("1.txt", b"other"), ("2.txt", b"x"))
    assert read_index(path).keys == ("1", "2")
    places_of(path)[0].write_bytes(b"damaged")
    assert read_index(path).keys == ("1", "2")


def test_index__of_a_folder_of_others_is_kept_in_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = entries(tmp_path / "a.tar", ("0.txt", b"first"))
    beside, cached = places_of(path)
    beside.mkdir()  # nothing can take its place
    assert read_index(path).keys == ("0",) and cached.is_file()
    monkeypatch.setattr(index, "scan", lambda path: pytest.fail("scanned again"))
    assert read_index(path).keys == ("0",)


def test_index__names_that_lead_elsewhere_are_names(tmp_path: Path) -> None:
    path = entries(tmp_path / "a.tar", ("../../etc/x.txt", b"in the tar"), ("folder", b""))
    shards = ShardSet(path)
    assert shards.read(0) == {"txt": b"in the tar"} and len(shards) == 1


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE]
)
def test_index__only_regular_files_are_members(tmp_path: Path, kind: bytes) -> None:
    path = entries(tmp_path / "a.tar", ("0.txt", b""), kind=kind)
    with pytest.raises(DataError, match="without any sample"):
        ShardSet(path)


def test_index__a_hard_link_is_the_file_that_tar_has_met_before(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "0.txt").write_bytes(b"met")
    (folder / "1.txt").hardlink_to(folder / "0.txt")
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        for name in ("0.txt", "1.txt"):
            tar.add(folder / name, name)
        assert [entry.type for entry in tar] == [tarfile.REGTYPE, tarfile.LNKTYPE]
    shards = ShardSet(tmp_path / "a.tar")
    assert [shards.read(index) for index in range(len(shards))] == [{"txt": b"met"}] * 2


def test_index__a_header_that_states_a_huge_size_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    entry = tarfile.TarInfo("pax")
    entry.type, entry.size = tarfile.XHDTYPE, 2**33
    path.write_bytes(entry.tobuf(tarfile.GNU_FORMAT) + b"\0" * 2048)
    found = scan(path)
    assert not len(found) and "a header of" in found.fault


def test_index__twice_the_same_member_is_an_error(tmp_path: Path) -> None:
    path = entries(tmp_path / "a.tar", ("0.txt", b"1"), ("0.txt", b"2"))
    with pytest.raises(DataError, match="twice in a row"):
        scan(path)


@pytest.mark.parametrize(
    "content, message",
    [
        (b"\x1f\x8b" + b"0" * 600, "compressed by gzip"),
        (b"no tar at all" * 100, "no tar file"),
        (b"version https://git-lfs.github.com/spec/v1\n" + b"0" * 600, "Git LFS"),
    ],
)
def test_index__other_files_are_named(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.tar").write_bytes(content)
    with pytest.raises(DataError, match=message):
        ShardSet(tmp_path)


@pytest.mark.parametrize("kept", [2600, 2560, 3000])
def test_shard_set__one_that_is_cut_off(
    tmp_path: Path, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_shards(tmp_path, 8)
    path = tmp_path / "00001.tar"
    os.truncate(path, kept)  # each sample has 1024 bytes
    with pytest.raises(DataError, match=r"1 shard of 2 .* not whole.*00001.tar.*again"):
        ShardSet(tmp_path)
    monkeypatch.setattr(shard_set, "MAX_FAULTY_SHARE", 0.5)
    shards = ShardSet(tmp_path)
    (note,) = shards.notes
    assert "00001.tar" in note
    assert [shards.read(i)["txt"] for i in range(6)] == [str(i).encode() for i in range(6)]
    if len(shards) > 6 and kept == 2560:
        with pytest.raises(DataError, match="cut off"):
            shards.read(6)


def test_read__a_member_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shards = ShardSet(write_shards(tmp_path, 1))
    monkeypatch.setattr(shard_set, "MAX_BYTES", 0)
    with pytest.raises(DataError, match="its txt has 1 bytes"):
        shards.read(0)


def test_main__indexes_ahead(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_shards(tmp_path, 8)
    assert main([str(tmp_path)]) == 0
    assert "8 samples in 2 shards" in capsys.readouterr().out
    assert places_of(tmp_path / "00001.tar")[0].is_file()
    os.truncate(tmp_path / "00001.tar", 1500)
    assert main([str(tmp_path)]) == 1
    assert "00001.tar" in capsys.readouterr().err
