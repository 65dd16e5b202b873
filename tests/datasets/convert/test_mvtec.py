from pathlib import Path

import pytest

from argus.datasets.convert import mvtec
from argus.datasets.convert.conversion import Options, run
from argus.datasets.convert.mvtec import COUNTS, MVTEC
from argus.errors import DataError
from tests.datasets.convert.archive_files import read_tree, tar_bytes, write_tree
from tests.real_data.samples import SAMPLES, needs_samples

SCREW = {
    "screw/train/good/000.png": b"0",
    "screw/train/good/001.png": b"1",
    "screw/test/good/000.png": b"2",
    "screw/test/scratch_head/000.png": b"3",
    "screw/ground_truth/scratch_head/000_mask.png": b"4",
    "screw/license.txt": b"CC",
}


def test_counts__sums_of_the_paper() -> None:
    assert len(COUNTS) == 15
    assert [sum(column) for column in zip(*COUNTS.values(), strict=True)] == [3629, 467, 1258]
    four = [COUNTS[name] for name in ("transistor", "metal_nut", "screw", "leather")]
    assert (sum(row[0] for row in four), sum(sum(row[1:]) for row in four)) == (966 + 32, 499)


@pytest.mark.parametrize("layout", ["whole", "class", "unpacked", "below"])
def test_mvtec__layouts(tmp_path: Path, layout: str, monkeypatch) -> None:
    monkeypatch.setattr(mvtec, "COUNTS", {"screw": (2, 1, 1)})
    source = tmp_path / "source"
    if layout == "whole":
        write_tree(source, {"mvtec_anomaly_detection.tar.xz": tar_bytes(SCREW, "xz")})
    elif layout == "class":
        write_tree(source, {"screw.tar.xz": tar_bytes(SCREW, "xz")})
    else:
        write_tree(source / "deeper" if layout == "below" else source, SCREW)
    counts = run(MVTEC, source, tmp_path / "out", Options())
    assert [(count.found, count.published) for count in counts] == [(2, 2), (1, 1), (1, 1)]
    assert read_tree(tmp_path / "out") == SCREW


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
