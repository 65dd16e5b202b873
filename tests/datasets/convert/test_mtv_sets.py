"""The sets that encoders are measured on: small archives as they are published."""

import json
from pathlib import Path

import numpy as np
import pytest

from argus.datasets.checks.published_sizes import compare
from argus.datasets.convert.all_converters import CONVERTERS
from argus.datasets.convert.conversion import Options, run
from argus.errors import DataError
from tests.datasets.convert.archive_files import (
    image_bytes,
    read_tree,
    tar_bytes,
    write_tree,
    zip_bytes,
)
from tests.datasets.convert.published_numbers import publish

PICTURE = image_bytes(np.zeros((2, 3, 3), np.uint8))
DRIVE = "2011_09_26_drive_0002_sync"
IMAGES = [f"2011_09_26/{DRIVE}/image_02/data/{n:010}.png" for n in (69, 54)]
DEPTHS = [f"{DRIVE}/proj_depth/groundtruth/image_02/{n:010}.png" for n in (69, 54)]


def convert(name: str, source: Path, out: Path) -> dict[str, int]:
    counts = run(CONVERTERS[name], source, out, Options())
    return {count.name: count.found for count in counts}


def test_spair__layout_and_counts(tmp_path: Path, monkeypatch) -> None:
    pair = "PairAnnotation/test/000001-2007_000876-2007_000904:cat.json"
    wanted = {
        pair: b"{}",
        "PairAnnotation/trn/000002-a-b:dog.json": b"{}",
        **{f"JPEGImages/{c}/2007_000876.jpg": b"picture" for c in ("cat", "dog")},
        "ImageAnnotation/cat/2007_000876.json": b"{}",
        "ImageAnnotation/dog/2007_000876.json": b"{}",
    }
    other = {"Layout/large/test.txt": b"", "Segmentation/cat/2007_000876.png": b"", "devkit/x": b""}
    archive = {f"SPair-71k/{name}": content for name, content in (wanted | other).items()}
    archive["SPair-71k/JPEGImages/cat/._2007_000876.jpg"] = b"clutter"
    source = write_tree(tmp_path, {"SPair-71k.tar.gz": tar_bytes(archive, "gz")})
    out = tmp_path / "out"
    found = convert("spair", source / "SPair-71k.tar.gz", out)
    assert read_tree(out) == wanted
    small = {"images": 2, "image annotations": 2, "classes": 2}
    small |= {"train pairs": 1, "val pairs": 0, "test pairs": 1}
    assert found == small
    publish(monkeypatch, "spair", small)
    assert not compare(CONVERTERS["spair"], out).errors
    (out / pair).unlink()
    (error,) = compare(CONVERTERS["spair"], out).errors
    assert "test pairs: 0 of the 1 that are published, 1 missing" in error


def test_navi__the_wild_sets_alone(tmp_path: Path, monkeypatch) -> None:
    scene = "bottle/wild_set"
    wanted = {
        f"{scene}/annotations.json": json.dumps([{}, {}]).encode(),
        **{f"{scene}/images/00{n}.jpg": PICTURE for n in range(2)},
        **{f"{scene}/depth/00{n}.png": PICTURE for n in range(2)},
    }
    other = ("3d_scan/bottle.obj", "multiview-00-pixel_5/images/000.jpg", "wild_set/masks/000.png")
    archive = {f"navi_v1/{name}": content for name, content in wanted.items()}
    archive |= {f"navi_v1/bottle/{name}": b"other" for name in other}
    source = write_tree(tmp_path, {"navi_v1.tar.gz": tar_bytes(archive, "gz")})
    out = tmp_path / "out"
    assert convert("navi", source / "navi_v1.tar.gz", out) == {
        "wild collections": 1, "wild images": 2, "wild depth maps": 2,
    }  # fmt: skip
    assert read_tree(out) == wanted
    write_tree(out, {f"{scene}/images/downsampled_000.jpg": PICTURE})  # counts for nothing
    publish(monkeypatch, "navi", {"wild collections": 1}, rest=2)
    assert not compare(CONVERTERS["navi"], out).errors
    publish(monkeypatch, "navi", {"wild collections": 1, "wild cameras": 3}, rest=2)
    (error,) = compare(CONVERTERS["navi"], out).errors
    assert error.startswith("wild cameras: 2 of the 3 that are published")


def test_kitti__what_the_list_names(tmp_path: Path, monkeypatch) -> None:
    lines = [f"{i} {d} 721.5377" for i, d in zip(IMAGES, DEPTHS, strict=True)]
    lines.append(f"{IMAGES[0].replace('69', '77')} None 721.5377")
    raw = {name: PICTURE for name in (*IMAGES, IMAGES[0].replace("69", "70"))}
    raw[IMAGES[0].replace("image_02", "image_03")] = PICTURE
    depth = {f"val/{name}": PICTURE for name in (*DEPTHS, DEPTHS[0].replace("02/", "03/"))}
    source = write_tree(
        tmp_path / "source",
        {
            f"{DRIVE}.zip": zip_bytes(raw),
            "data_depth_annotated.zip": zip_bytes(depth),
            "eigen_test_files_with_gt.txt": "\n".join(lines).encode(),
        },
    )
    out = tmp_path / "out"
    assert convert("kitti-eigen", source, out) == {"test images with depth": 2}
    found = read_tree(out)
    expected = [f"input/{name}" for name in IMAGES] + [f"gt_depth/{name}" for name in DEPTHS]
    assert found.keys() == {*expected, "kitti_eigen_test.txt"}
    assert found["kitti_eigen_test.txt"].decode().split() == [
        name for pair in zip(IMAGES, DEPTHS, strict=True) for name in pair
    ]
    publish(monkeypatch, "kitti-eigen", {"test images with depth": 2})
    assert not compare(CONVERTERS["kitti-eigen"], out).errors
    (out / "gt_depth" / DEPTHS[1]).unlink()
    errors = compare(CONVERTERS["kitti-eigen"], out).errors
    assert errors[0].startswith("test images with depth: 1 of the 2") and DEPTHS[1] in errors[1]


@pytest.mark.parametrize("name", ["../../a.png", "C:/a.png"])
def test_kitti__a_list_that_leads_elsewhere(name: str, tmp_path: Path) -> None:
    source = write_tree(tmp_path / "source", {"kitti_eigen_test.txt": f"{name} b.png 1".encode()})
    with pytest.raises(DataError, match="outside the target folder"):
        convert("kitti-eigen", source, tmp_path / "out")
    with pytest.raises(DataError, match="no list of the test pictures"):
        convert("kitti-eigen", write_tree(tmp_path / "empty", {"a.txt": b""}), tmp_path / "out")
