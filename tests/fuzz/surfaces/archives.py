"""Downloaded archives: names that lead elsewhere, bombs, nesting, damage."""

import io
import tarfile
import zipfile
from pathlib import Path
from random import Random

from argus.datasets.convert.conversion import Options, run
from argus.datasets.convert.mvtec import MVTEC
from tests.datasets.convert.archive_files import read_tree, tar_bytes, zip_bytes
from tests.fuzz.mutations import NAMES, damage
from tests.fuzz.surface import Case, Surface, expect

CONTENT = {
    "bottle/train/good/000.png": b"good",
    "bottle/test/good/000.png": b"good too",
    "bottle/test/broken/000.png": b"broken" * 50,
    "bottle/ground_truth/broken/000_mask.png": b"mask",
    "bottle/readme.txt": b"text",
}
SUFFIXES = {"zip": "zip", "tar": "tar", "tar.gz": "gz", "tar.xz": "xz", "tar.bz2": "bz2"}


class Archives(Surface):
    """The converter of MVTec AD, which unpacks as all converters do."""

    name, title, share = "archives", "downloaded archives", 200

    def prepare(self, folder: Path) -> None:
        self.files = {suffix: pack(CONTENT, suffix) for suffix in SUFFIXES}

    def case(self, random: Random, folder: Path) -> Case:
        suffix = random.choice(list(SUFFIXES))
        wanted, content, is_whole = dict(CONTENT), self.files[suffix], True
        match random.randrange(8):
            case 0:
                name = random.choice(NAMES)
                inside = random.choice(("", "bottle/train/good/", "bottle/"))
                odd = f"{inside}{name}{random.choice(('', '/evil.png', '.png'))}"
                what, content = f"name {odd[:40]!r}", pack({**CONTENT, odd: b"evil"}, suffix)
                is_whole = False
            case 1:
                what, content = "a link that leads out", with_link(random, str(folder / "evil"))
                suffix, is_whole = "tar", False
            case 2:
                wanted["bottle/train/good/001.png"] = bytes(50_000_000)
                what, content, suffix = "a bomb", pack(wanted, "zip"), "zip"
            case 3:
                depth = random.choice((1, 2, 5, 40))
                for _ in range(depth):
                    content, suffix = pack({f"bottle.{suffix}": content}, suffix), suffix
                what = f"{depth} archives around it"
            case 4:
                what, suffix = "an odd field of the zip", "zip"
                content = with_field(random, self.files["zip"])
            case 5:
                other = random.choice(list(SUFFIXES))
                what, suffix = f"{suffix} called {other}", other
            case _:
                what, content = damage(random, content)
                # No checksum covers names, nor anything in a tar archive.
                is_whole = False
        source = folder / f"bottle.{suffix}"
        source.write_bytes(content)

        def convert() -> None:
            run(MVTEC, source, folder / "out", Options())
            found = read_tree(folder / "out")
            expect(not (folder / "evil").exists(), "a file outside")
            expect(found == wanted or not is_whole, "other files than those of the archive")

        return Case(f"{suffix}: {what}", convert)


def pack(contents: dict[str, bytes], suffix: str) -> bytes:
    """Pack files; half a character is no name that an archive can hold."""
    contents = {name.encode("utf-8", "replace").decode(): data for name, data in contents.items()}
    if suffix == "zip":
        return zip_bytes(contents)
    return tar_bytes(contents, "" if suffix == "tar" else SUFFIXES[suffix])


def with_link(random: Random, target: str) -> bytes:
    """A tar archive with a link to a folder outside, and a file below the link."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        link = tarfile.TarInfo("bottle/train")
        link.type = random.choice((tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE))
        link.linkname = target
        archive.addfile(link)
        for name, data in CONTENT.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def with_field(random: Random, content: bytes) -> bytes:
    """A zip archive whose lists say encrypted, an unknown method, or absurd sizes."""
    data = bytearray(content)
    offset, width = random.choice(((8, 2), (10, 2), (16, 4), (20, 4), (24, 4), (42, 4)))
    central = data.find(b"PK\x01\x02")
    number = random.choice((0, 1, 0x41, 99, 2 ** (8 * width) - 1, 2 ** (8 * width - 1)))
    data[central + offset : central + offset + width] = number.to_bytes(width, "little")
    assert zipfile.is_zipfile(io.BytesIO(content))
    return bytes(data)
