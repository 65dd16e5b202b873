"""Downloads made to write elsewhere, to fill the disk, or to confuse: one sentence each."""

import io
import struct
import tarfile
import warnings
import zipfile
import zlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.io import savemat

from argus.datasets.convert import listings
from argus.datasets.convert.archives import extract, members
from argus.datasets.convert.conversion import Converter, Options, run
from argus.datasets.convert.imagenet import IMAGENET
from argus.datasets.convert.nyuv2_depth import NYUV2_DEPTH
from argus.datasets.convert.nyuv2_labeled import NYUV2_LABELED
from argus.datasets.convert.nyuv2_multitask import NYUV2_MULTITASK
from argus.datasets.convert.pascal import PASCAL
from argus.datasets.convert.places import below
from argus.errors import DataError
from tests.datasets.convert.archive_files import read_tree, tar_bytes, write_tree, zip_bytes

NAMES = {
    "climbs": "../../../evil",
    "absolute": "/tmp/evil",
    "inside": "a/../../evil",
    "windows": "..\\evil",
    "drive": "C:evil",
    "nul": "a\0b",
    "line feed": "a\nb",
    "empty": "",
    "dot": ".",
    "dots": "..",
    "long": "n" * 300,
    "surrogate": "a\udfffb\ud800",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_below__refuses(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match=r"list\.txt, line 3: ") as caught:
        below(tmp_path, name, said_by="list.txt, line 3")
    assert len(str(caught.value)) < 500 and "\n" not in str(caught.value)


def test_below__a_link_that_leads_out(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/train").symlink_to(tmp_path)
    with pytest.raises(DataError, match="leads out of .* by a link"):
        below(tmp_path / "out", "train/1.jpg", said_by="x.zip")
    (tmp_path / "link").symlink_to(tmp_path / "out")
    assert below(tmp_path / "link", "./val/1.jpg", said_by="x") == tmp_path / "link/val/1.jpg"


def kit(wnid: str) -> dict[str, bytes]:
    fields = [("ILSVRC2012_ID", "O"), ("WNID", "O")]
    stream = io.BytesIO()
    savemat(stream, {"synsets": np.array([(1, "n01440764"), (2, wnid)], dtype=fields)})
    return {"k/meta.mat": stream.getvalue(), "k/ILSVRC2012_validation_ground_truth.txt": b"1\n2\n"}


LISTED = [name for key, name in NAMES.items() if key not in ("line feed", "empty", "surrogate")]


@pytest.mark.parametrize("name", ["../../../evil", "/tmp/evil", "n1", "", "n" * 300])
def test_imagenet__classes_of_the_kit(tmp_path: Path, name: str) -> None:
    pictures = {f"ILSVRC2012_val_{i:08d}.JPEG": b"x" for i in (1, 2)}
    refuse(IMAGENET, tmp_path, kit(name) | pictures, "ground_truth.txt, line 2: its class is")


@pytest.mark.parametrize("name", LISTED)
@pytest.mark.parametrize("split", ["train", "val"])
def test_pascal__names_of_the_split_lists(tmp_path: Path, name: str, split: str) -> None:
    lists = {f"ImageSets/Context/{s}.txt": b"2008_1\n" for s in ("train", "val")}
    lists[f"ImageSets/Context/{split}.txt"] = f"2008_1\n{name}\n".encode()
    refuse(PASCAL, tmp_path, lists, rf"{split}\.txt, line 2: the name")


@pytest.mark.parametrize("name", LISTED)
def test_nyuv2_multitask__names_of_the_split_lists(tmp_path: Path, name: str) -> None:
    lists = {"gt_sets/train.txt": f"1\n{name}\n".encode()}
    refuse(NYUV2_MULTITASK, tmp_path, lists, r"train\.txt, line 2: the name")


@pytest.mark.parametrize("name", [n for n in LISTED if not n.startswith("/")])
def test_nyuv2_depth__names_of_the_lists(tmp_path: Path, name: str) -> None:
    line = f"/scene/rgb_1.jpg {name} 518\n".encode()
    lists = {f"nyudepthv2_{s}_files_with_gt.txt": line for s in ("train", "test")}
    refuse(NYUV2_DEPTH, tmp_path, lists, r"files_with_gt\.txt, line 1: the name")


@pytest.mark.parametrize("converter", [PASCAL, NYUV2_MULTITASK], ids=lambda c: c.name)
def test_lists__that_are_no_text(tmp_path: Path, converter: Converter) -> None:
    lists = {"ImageSets/Context/train.txt": b"\xff\xfe", "gt_sets/train.txt": b"\xff\xfe"}
    refuse(converter, tmp_path, lists, r"train\.txt: no text")


def refuse(converter: Converter, folder: Path, contents: dict[str, bytes], message: str) -> None:
    """One sentence, and nothing outside the target nor a record in it."""
    source = write_tree(folder / "deep/er/source", contents)
    before = sorted(p for p in folder.rglob("*") if "out" not in p.parts)
    with pytest.raises(DataError, match=message):
        run(converter, source, folder / "deep/er/out", Options())
    out = folder / "deep/er/out"
    assert sorted(p for p in folder.rglob("*") if out not in (p, *p.parents)) == before
    assert not list((out / ".converted").glob("*.json")), "it would look complete"


def encrypted() -> bytes:
    content = bytearray(zip_bytes({"a.txt": b"x" * 100}))
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        content[content.index(signature) + offset] |= 1
    return bytes(content)


def unknown_method() -> bytes:
    content = bytearray(zip_bytes({"a.txt": b"x" * 100}))
    for signature, offset in ((b"PK\3\4", 8), (b"PK\1\2", 10)):
        at = content.index(signature) + offset
        content[at : at + 2] = struct.pack("<H", 97)
    return bytes(content)


def nested(depth: int) -> bytes:
    content = zip_bytes({"a.txt": b"x"})
    for _ in range(depth):
        content = zip_bytes({"a.zip": content})
    return content


def twice() -> bytes:
    stream = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(stream, "w") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("a.txt", b"1")
        archive.writestr("a.txt", b"22")
    return stream.getvalue()


def long_comment() -> bytes:
    """A tar whose extended header declares and holds 32 MiB of zeros."""
    info = tarfile.TarInfo("header")
    info.type, info.size = tarfile.XHDTYPE, 1 << 25
    packer = zlib.compressobj(9, wbits=31)
    return packer.compress(info.tobuf() + bytes(info.size)) + packer.flush()


def negative_size() -> bytes:
    content = bytearray(tar_bytes({"a.txt": b"x" * 600}))
    content[124:136] = b"\xff" * 12
    content[148:156] = b"%06o\0 " % (256 + sum(content[:148]) + sum(content[156:512]))
    return bytes(content)


HOSTILE = {
    "encrypted.zip": (encrypted, "a.txt is encrypted"),
    "method.zip": (unknown_method, "packed by method 97"),
    "nested.zip": (lambda: nested(40), "archives in archives"),
    "twice.zip": (twice, "twice"),
    "long.zip": (lambda: zip_bytes({"n" * 300: b"x"}), "300 bytes"),
    "comment.tar.gz": (long_comment, "damaged"),
    "negative.tar": (negative_size, "a file of -1 bytes"),
    "empty.zip": (lambda: b"", "damaged"),
    "zeros.zip": (lambda: bytes(1000), "damaged"),
    "cut.tar.gz": (lambda: tar_bytes({"a.txt": bytes(range(256)) * 99}, "gz")[:-40], "damaged"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_extract__one_sentence(tmp_path: Path, name: str) -> None:
    make, message = HOSTILE[name]
    write_tree(tmp_path / "source", {name: make()})
    with pytest.raises(DataError, match=message) as caught:
        extract(tmp_path / "source", tmp_path / "out", lambda member: member.name, title="")
    assert len(str(caught.value)) < 400 and name in str(caught.value)
    assert list(read_tree(tmp_path)) == [f"source/{name}"]


@pytest.mark.parametrize("make", [zip_bytes, lambda c: tar_bytes(c, "gz")], ids=["zip", "tgz"])
def test_extract__bomb(tmp_path: Path, make, monkeypatch) -> None:
    monkeypatch.setattr(listings, "_ALWAYS_ALLOWED", 1 << 20)
    name = "bomb.zip" if make is zip_bytes else "bomb.tgz"
    write_tree(tmp_path / "source", {name: make({"a.bin": bytes(20 << 20)})})
    with pytest.raises(DataError, match="unpack to more than"):
        extract(tmp_path / "source", tmp_path / "out", lambda member: member.name, title="")
    assert list(read_tree(tmp_path)) == [f"source/{name}"]


def test_extract__many_files_that_are_a_bomb_together(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(listings, "_ALWAYS_ALLOWED", 1 << 20)
    inner = zip_bytes({f"{i}.bin": bytes(200_000) for i in range(10)})
    write_tree(tmp_path / "source", {"a.zip": zip_bytes({"b.zip": inner})})
    with pytest.raises(DataError, match="unpack to more than"):
        extract(tmp_path / "source", tmp_path / "out", lambda member: member.name, title="")


def test_extract__more_than_the_disk_has(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=10))
    write_tree(tmp_path / "source", {"a.zip": zip_bytes({"a.bin": b"x" * 11})})
    with pytest.raises(DataError, match="needs 11 bytes, but the disk has 10 free"):
        extract(tmp_path / "source", tmp_path / "out", lambda member: member.name, title="")


def test_members__devices_and_links_are_passed_over(tmp_path: Path) -> None:
    stream = io.BytesIO()
    kinds = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE)
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for number, kind in enumerate(kinds):
            info = tarfile.TarInfo(f"special{number}")
            info.type, info.linkname = kind, "../../../etc/passwd"
            archive.addfile(info)
        archive.addfile(tarfile.TarInfo("file"), io.BytesIO(b""))
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(link, "../../../etc/passwd")
        archive.writestr("file", b"")
    write_tree(tmp_path, {"a.tar": stream.getvalue(), "b.zip": packed.getvalue()})
    assert [member.name for member in members(tmp_path)] == ["file", "file"]


def hdf5(path: Path, kind: str) -> None:
    h5py = pytest.importorskip("h5py")
    shapes = dict(images=(1, 3, 8, 6), depths=(1, 8, 6), rawDepths=(1, 8, 6), labels=(1, 8, 6))
    with h5py.File(path, "w") as file:
        for name, shape in shapes.items():
            if name == "images" and kind == "group":
                file.create_group(name)
            elif name == "images" and kind == "link":
                file[name] = h5py.ExternalLink("other.h5", "/x")
            elif name == "images" and kind == "external":
                file.create_dataset(name, shape, "u1", external=[("/etc/passwd", 0, 144)])
            elif kind == "huge":
                huge = (10**9, *shape[1:-1], 10**9)
                file.create_dataset(name, huge, "u1", chunks=(1,) * (len(shape) - 1) + (64,))
            elif name == "labels" and kind == "text":
                file.create_dataset(name, shape, h5py.string_dtype())
            else:
                file.create_dataset(name, shape, "u1")


@pytest.mark.parametrize("kind", ["group", "link", "external", "huge", "text"])
def test_nyuv2_labeled__hostile_hdf5(tmp_path: Path, kind: str) -> None:
    hdf5(tmp_path / "nyu_depth_v2_labeled.mat", kind)
    with pytest.raises(DataError, match="found; expected images"):
        run(NYUV2_LABELED, tmp_path / "nyu_depth_v2_labeled.mat", tmp_path / "out", Options())
    assert not list((tmp_path / "out").glob("[!.]*"))
