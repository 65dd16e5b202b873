import io
import tarfile
from pathlib import Path

import pytest

from argus.datasets.convert.conversion import Options, run
from argus.datasets.convert.mvtec import CATEGORIES, MVTEC
from argus.datasets.convert.published import PUBLISHED
from argus.errors import DataError
from tests.datasets.convert.archive_files import read_tree, tar_bytes, write_tree
from tests.datasets.convert.published_numbers import publish
from tests.real_data.samples import SAMPLES, needs_samples

SCREW = {
    "screw/train/good/000.png": b"0",
    "screw/train/good/001.png": b"1",
    "screw/test/good/000.png": b"2",
    "screw/test/scratch_head/000.png": b"3",
    "screw/ground_truth/scratch_head/000_mask.png": b"4",
    "screw/license.txt": b"CC",
}
NUMBERS = {"screw train": 2, "screw test good": 1, "screw test defective": 1}


def test_counts__sums_of_the_paper() -> None:
    assert len(CATEGORIES) == 15
    numbers = {name: count.number for name, count in PUBLISHED["mvtec"].items()}
    parts = ("train", "test good", "test defective")
    rows = {name: [numbers[f"{name} {part}"] for part in parts] for name in CATEGORIES}
    assert [sum(column) for column in zip(*rows.values(), strict=True)] == [3629, 467, 1258]
    four = [rows[name] for name in ("transistor", "metal_nut", "screw", "leather")]
    assert (sum(row[0] for row in four), sum(sum(row[1:]) for row in four)) == (966 + 32, 499)


@pytest.mark.parametrize("layout", ["whole", "class", "unpacked", "below"])
def test_mvtec__layouts(tmp_path: Path, layout: str, monkeypatch) -> None:
    publish(monkeypatch, "mvtec", NUMBERS)
    source = tmp_path / "source"
    if layout == "whole":
        write_tree(source, {"mvtec_anomaly_detection.tar.xz": tar_bytes(SCREW, "xz")})
    elif layout == "class":
        write_tree(source, {"screw.tar.xz": tar_bytes(SCREW, "xz")})
    else:
        write_tree(source / "deeper" if layout == "below" else source, SCREW)
    counts = run(MVTEC, source, tmp_path / "out", Options())
    found = {count.name: (count.found, count.published) for count in counts if count.found}
    assert found == {name: (number, number) for name, number in NUMBERS.items()}
    assert all(count.is_whole for count in counts)
    assert read_tree(tmp_path / "out") == SCREW


def test_mvtec__folders_and_files_that_nobody_may_write(tmp_path: Path) -> None:
    """As they are in the archive, with the licence of the whole and of each class."""
    stream = io.BytesIO()
    texts = {"license.txt": b"CC BY-NC-SA 4.0", "readme.txt": "\xa9 MVTec".encode("latin-1")}
    defects = {f"screw/{folder}/": b"" for folder in ("train", "train/good", "ground_truth")}
    contents = texts | {f"screw/{name}": text for name, text in texts.items()} | defects | SCREW
    with tarfile.open(fileobj=stream, mode="w:xz") as archive:
        for name, content in contents.items():
            info = tarfile.TarInfo(name.rstrip("/"))
            info.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
            info.mode = 0o555 if name.endswith("/") else 0o444
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    source = write_tree(tmp_path / "s", {"mvtec_anomaly_detection.tar.xz": stream.getvalue()})
    for _ in range(2):
        run(MVTEC, source, tmp_path / "out", Options())
        found = read_tree(tmp_path / "out")
        assert found == {name: c for name, c in contents.items() if not name.endswith("/")}
        (tmp_path / "out/screw/train/good/001.png").unlink()


@pytest.mark.parametrize("missing", ["test/scratch_head/000.png", "ground_truth/scratch_head/000"])
def test_mvtec__defect_without_its_partner(tmp_path: Path, missing: str) -> None:
    kept = {name: content for name, content in SCREW.items() if missing not in name}
    source = write_tree(tmp_path / "source", kept)
    with pytest.raises(DataError, match="scratch_head/000 has (no mask|a mask but no picture)"):
        run(MVTEC, source, tmp_path / "out", Options())


@needs_samples
def test_mvtec__real_samples(tmp_path: Path) -> None:
    counts = run(MVTEC, SAMPLES / "mvtec_ad", tmp_path / "out", Options())
    found = {count.name: count.found for count in counts if count.found}
    assert found == {"screw train": 12, "screw test good": 5, "screw test defective": 15}
    assert read_tree(tmp_path / "out") == read_tree(SAMPLES / "mvtec_ad")
