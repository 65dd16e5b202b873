import io
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from argus.datasets.convert.conversion import Count, Options, run
from argus.datasets.convert.imagenet import IMAGENET, read_validation_classes
from argus.errors import DataError
from tests.datasets.convert.archive_files import read_tree, tar_bytes, times, write_tree
from tests.datasets.convert.published_numbers import publish
from tests.real_data.samples import SAMPLES, needs_samples

# The kit numbers classes in an order of its own, not that of the WordNet ids.
WNIDS = {1: "n02119789", 2: "n01440764", 3: "n02100735", 1001: "n00001740"}
TRUTH = [3, 1, 2, 1]
KIT = "ILSVRC2012_devkit_t12/data"
TRAIN = {f"{wnid}/{wnid}_{index}.JPEG": f"{wnid} {index}".encode()
         for wnid in sorted(WNIDS.values())[1:] for index in (3, 10026)}  # fmt: skip


def kit(truth: list[int] = TRUTH) -> dict[str, bytes]:
    fields = [("ILSVRC2012_ID", "O"), ("WNID", "O"), ("words", "O"), ("num_children", "O")]
    synsets = np.array([(k, v, "x", 0) for k, v in WNIDS.items()], dtype=fields)
    stream = io.BytesIO()
    savemat(stream, {"synsets": synsets.reshape(-1, 1)})
    return {
        f"{KIT}/meta.mat": stream.getvalue(),
        f"{KIT}/ILSVRC2012_validation_ground_truth.txt": "".join(f"{k}\n" for k in truth).encode(),
    }


def val(count: int = 4) -> dict[str, bytes]:
    return {f"ILSVRC2012_val_{i + 1:08d}.JPEG": f"val {i}".encode() for i in range(count)}


def sorted_val() -> dict[str, bytes]:
    return {
        f"val/{WNIDS[number]}/{name}": content
        for number, (name, content) in zip(TRUTH, val().items(), strict=True)
    }


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    folders = sorted({name.split("/")[0] for name in TRAIN})
    inner = {
        f"{wnid}.tar": tar_bytes(
            {name.split("/")[1]: content for name, content in TRAIN.items() if wnid in name}
        )
        for wnid in folders
    }
    contents = {
        "ILSVRC2012_img_train.tar": tar_bytes(inner),
        "ILSVRC2012_img_val.tar": tar_bytes(val()),
        "ILSVRC2012_devkit_t12.tar.gz": tar_bytes(kit(), "gz"),
    }
    return write_tree(tmp_path / "downloads", contents)


def test_imagenet__archives(downloads: Path, tmp_path: Path, monkeypatch) -> None:
    publish(monkeypatch, "imagenet", {"train images": 6, "val images": 4}, rest=3)
    counts = run(IMAGENET, downloads, tmp_path / "out", Options())
    assert counts == [
        Count("train images", 6, 6),
        Count("train classes", 3, 3),
        Count("val images", 4, 4),
        Count("val classes", 3, 3),
    ]
    expected = {f"train/{name}": content for name, content in TRAIN.items()} | sorted_val()
    assert read_tree(tmp_path / "out") == expected
    before = times(tmp_path / "out/train")
    (tmp_path / "out/val/n02119789/ILSVRC2012_val_00000002.JPEG").unlink()
    run(IMAGENET, downloads, tmp_path / "out", Options())
    assert read_tree(tmp_path / "out") == expected
    assert times(tmp_path / "out/train") == before


def test_imagenet__unpacked_flat_or_sorted(tmp_path: Path) -> None:
    flat = write_tree(tmp_path / "flat", kit() | {f"val/{k}": v for k, v in val().items()})
    run(IMAGENET, flat, tmp_path / "1", Options())
    assert read_tree(tmp_path / "1") == sorted_val()
    run(IMAGENET, write_tree(tmp_path / "sorted", sorted_val()), tmp_path / "2", Options())
    assert read_tree(tmp_path / "2") == sorted_val()


def test_imagenet__without_or_with_a_wrong_kit(downloads: Path, tmp_path: Path) -> None:
    source = downloads / "ILSVRC2012_img_val.tar"
    with pytest.raises(DataError, match=r"Put ILSVRC2012_devkit_t12.tar.gz.* into the same folder"):
        run(IMAGENET, source, tmp_path / "out", Options())
    other = write_tree(tmp_path / "kit", kit(TRUTH[:3]) | val())
    with pytest.raises(DataError, match="has 3 pictures only"):
        run(IMAGENET, other, tmp_path / "out", Options())
    other = write_tree(tmp_path / "kit", kit([1, 2, 77, 1]))
    with pytest.raises(DataError, match="do not fit each other"):
        read_validation_classes(other)


@needs_samples
def test_imagenet__real_samples(tmp_path: Path) -> None:
    counts = run(IMAGENET, SAMPLES / "imagenet", tmp_path / "out", Options())
    assert [count.found for count in counts] == [0, 0, 50, 50]
    assert read_tree(tmp_path / "out/val") == read_tree(SAMPLES / "imagenet/val")
