import io
import os
import re
import tarfile
import tracemalloc
from pathlib import Path

import pytest

from argus.datasets.convert.archives import extract, members, unpacked
from argus.errors import DataError
from tests.datasets.convert.archive_files import read_tree, tar_bytes, times, write_tree, zip_bytes

CONTENTS = {"a/1.txt": b"one", "a/b/2.txt": b"two" * 1000, "3.txt": b""}
FORMATS = {
    "x.zip": zip_bytes(CONTENTS),
    "x.tar": tar_bytes(CONTENTS),
    "x.tgz": tar_bytes(CONTENTS, "gz"),
    "x.tar.gz": tar_bytes(CONTENTS, "gz"),
    "x.tar.xz": tar_bytes(CONTENTS, "xz"),
    "X.TAR.BZ2": tar_bytes(CONTENTS, "bz2"),
}


@pytest.mark.parametrize("name", FORMATS)
def test_members__every_format(tmp_path: Path, name: str) -> None:
    write_tree(tmp_path, {name: FORMATS[name]})
    for source in (tmp_path, tmp_path / name):
        found = {member.name: (member.size, member.read()) for member in members(source)}
        assert found == {key: (len(value), value) for key, value in CONTENTS.items()}


def test_members__folder_of_files_and_archives(tmp_path: Path) -> None:
    write_tree(tmp_path, {"plain/1.txt": b"1", "z.zip": FORMATS["x.zip"], ".hidden/x.txt": b""})
    write_tree(tmp_path, {"plain/.2.txt.partial": b"left", "__MACOSX/1.txt": b""})
    assert sorted(m.name for m in members(tmp_path)) == sorted([*CONTENTS, "plain/1.txt"])
    assert [m.name for m in members(tmp_path, skip=re.compile("z"))] == ["plain/1.txt"]


@pytest.mark.parametrize("outer", [zip_bytes, tar_bytes])
@pytest.mark.parametrize("inner", [zip_bytes, tar_bytes])
def test_members__archive_in_an_archive(tmp_path: Path, outer, inner) -> None:
    suffix = {zip_bytes: "zip", tar_bytes: "tar"}
    nested = {f"top/n01.{suffix[inner]}": inner({"x.JPEG": b"x", "y.JPEG": b"y"}), "last": b"l"}
    write_tree(tmp_path, {f"all.{suffix[outer]}": outer(nested)})
    found = {member.name: member.read() for member in members(tmp_path)}
    assert found == {"top/n01/x.JPEG": b"x", "top/n01/y.JPEG": b"y", "last": b"l"}


@pytest.mark.parametrize(
    "name", ["../evil.txt", "a/../../evil.txt", "/etc/evil", "C:/evil", "a\\..\\evil"]
)
@pytest.mark.parametrize("make", [zip_bytes, tar_bytes])
def test_extract__a_name_that_climbs_out(tmp_path: Path, name: str, make) -> None:
    archive = "a.zip" if make is zip_bytes else "a.tar"
    write_tree(tmp_path / "source", {archive: make({name: b"evil"})})
    out = tmp_path / "deep/out"
    with pytest.raises(DataError, match="would be written outside"):
        extract(tmp_path / "source", out, lambda member: member.name, title="")
    assert list(read_tree(tmp_path)) == [f"source/{archive}"]


def test_members__links_are_passed_over(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        archive.addfile(tarfile.TarInfo("file"), io.BytesIO(b""))
    write_tree(tmp_path, {"a.tar": stream.getvalue()})
    assert [member.name for member in members(tmp_path)] == ["file"]


def test_members__a_hard_link_to_a_file_of_the_archive_is_told(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("0.png"), io.BytesIO(b""))
        link = tarfile.TarInfo("1.png")
        link.type, link.linkname = tarfile.LNKTYPE, "0.png"
        archive.addfile(link)
    write_tree(tmp_path, {"a.tar": stream.getvalue()})
    with pytest.raises(DataError, match="'1.png' is no file but a hard link to '0.png'.* folder"):
        list(members(tmp_path))


@pytest.mark.parametrize("name", FORMATS)
def test_extract__truncated_archive(tmp_path: Path, name: str) -> None:
    big = {"a.bin": bytes(range(256)) * 400, "b.bin": b"b" * 100_000}
    make = zip_bytes if name.endswith("zip") else tar_bytes
    modes = {"x.tgz": "gz", "x.tar.gz": "gz", "x.tar.xz": "xz", "X.TAR.BZ2": "bz2"}
    content = make(big, modes[name]) if name in modes else make(big)  # type: ignore[call-arg]
    write_tree(tmp_path / "source", {name: content[: len(content) * 2 // 3]})
    with pytest.raises(DataError, match="damaged or not complete|bytes, expected"):
        extract(tmp_path / "source", tmp_path / "out", lambda member: member.name, title="")
    assert set(read_tree(tmp_path)) <= {f"source/{name}", "out/a.bin"}
    if (tmp_path / "out/a.bin").exists():
        assert (tmp_path / "out/a.bin").read_bytes() == big["a.bin"]


def test_extract__flipped_bit(tmp_path: Path) -> None:
    content = bytearray(zip_bytes({"a.bin": bytes(range(256)) * 40}))
    content[60] ^= 1
    write_tree(tmp_path / "source", {"x.zip": bytes(content)})
    with pytest.raises(DataError, match="damaged"):
        extract(tmp_path / "source", tmp_path / "out", lambda member: member.name, title="")
    assert list(read_tree(tmp_path)) == ["source/x.zip"]


def test_extract__goes_on_where_it_stopped(tmp_path: Path) -> None:
    write_tree(tmp_path / "source", {"x.zip": FORMATS["x.zip"]})
    out = tmp_path / "out"

    def interrupted(member):
        if member.name.endswith("2.txt"):
            raise KeyboardInterrupt
        return member.name

    with pytest.raises(KeyboardInterrupt):
        extract(tmp_path / "source", out, interrupted, title="")
    before = times(out)
    assert len(before) == 1
    number = extract(tmp_path / "source", out, lambda member: member.name, title="")
    assert number == 3
    assert read_tree(out) == CONTENTS
    assert before.items() <= times(out).items()


def test_extract__a_file_of_another_size_is_replaced(tmp_path: Path) -> None:
    write_tree(tmp_path / "source", {"x.zip": FORMATS["x.zip"]})
    write_tree(tmp_path / "out", {"a/1.txt": b"another"})
    extract(tmp_path / "source", tmp_path / "out", lambda member: member.name, title="")
    assert read_tree(tmp_path / "out") == CONTENTS


def test_unpacked__folder_is_used_as_it_is(tmp_path: Path) -> None:
    write_tree(tmp_path / "source", CONTENTS)
    assert unpacked(tmp_path / "source", tmp_path / "out", title="") == tmp_path / "source"
    write_tree(tmp_path / "archive", {"x.tgz": FORMATS["x.tgz"]})
    assert unpacked(tmp_path / "archive", tmp_path / "out", title="") == tmp_path / "out"
    assert read_tree(tmp_path / "out") == CONTENTS


def test_members__missing_source(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        list(members(tmp_path / "nothing.zip"))


def test_members__take_the_memory_of_a_piece(tmp_path: Path) -> None:
    """An archive in an archive, as ImageNet's, with a hole of zeros in the place of pictures."""
    size = 2**26
    inner = tarfile.TarInfo("n01440764_1.JPEG")
    inner.size = size
    outer = tarfile.TarInfo("n01440764.tar")
    outer.size = tarfile.BLOCKSIZE + size + 2 * tarfile.BLOCKSIZE
    path = tmp_path / "ILSVRC2012_img_train.tar"
    path.write_bytes(outer.tobuf() + inner.tobuf())
    os.truncate(path, tarfile.BLOCKSIZE + outer.size + 2 * tarfile.BLOCKSIZE)
    tracemalloc.start()
    try:
        found = {m.name: sum(map(len, m.chunks())) for m in members(path)}
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found == {"n01440764/n01440764_1.JPEG": size}
    assert peak < size / 2


def test_members__headers_are_not_kept(tmp_path: Path) -> None:
    names = [f"val/ILSVRC2012_val_{number:08d}.JPEG" for number in range(1000)]
    path = tmp_path / "a.tar"
    path.write_bytes(tar_bytes(dict.fromkeys(names, b"x")))
    held = []
    tracemalloc.start()
    try:
        for number, _ in enumerate(members(path)):
            if number in (100, 900):
                held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    # Bytes for each file: its name, to find one that comes twice.
    assert (held[1] - held[0]) / 800 < 600
