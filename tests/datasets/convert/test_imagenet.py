import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from argus.datasets.class_folders import ClassFolders
from argus.datasets.convert.conversion import Count, Options, run
from argus.datasets.convert.imagenet import IMAGENET, read_validation_classes
from argus.datasets.transforms import LoadImage
from argus.errors import DataError
from tests.datasets.convert.archive_files import read_tree, tar_bytes, times, write_tree, zip_bytes
from tests.datasets.convert.published_numbers import publish
from tests.real_data.samples import SAMPLES, needs_samples

# The kit numbers classes in an order of its own, not that of the WordNet ids.
WNIDS = {1: "n02119789", 2: "n01440764", 3: "n02100735", 1001: "n00001740"}
TRUTH = [3, 1, 2, 1]
KIT = "ILSVRC2012_devkit_t12/data"
TRAIN = {f"{wnid}/{wnid}_{index}.JPEG": f"{wnid} {index}".encode()
         for wnid in sorted(WNIDS.values())[1:] for index in (3, 10026)}  # fmt: skip


def kit(truth: list[int] = TRUTH) -> dict[str, bytes]:
    """The development kit; of its 1,860 synsets those above 1,000 have others below them."""
    fields = ["ILSVRC2012_ID", "WNID", "words", "gloss", "num_children", "children",
              "wordnet_height", "num_train_images"]  # fmt: skip
    synsets = np.empty((len(WNIDS), 1), dtype=[(name, "O") for name in fields])
    for row, (number, wnid) in enumerate(WNIDS.items()):
        children = np.array([1, 2, 3] if number > 1000 else [], np.uint16)
        synsets[row, 0] = (number, wnid, "kit fox, Vulpes macrotis", "a fox", len(children),
                           children, 3 * (number > 1000), 2 * (number <= 1000))  # fmt: skip
    stream = io.BytesIO()
    savemat(stream, {"synsets": synsets}, do_compression=True)
    return {
        "ILSVRC2012_devkit_t12/COPYING": b"BSD",
        "ILSVRC2012_devkit_t12/readme.txt": "Fei-Fei Li, \xa9 2012".encode("latin-1"),
        f"{KIT}/meta.mat": stream.getvalue(),
        f"{KIT}/ILSVRC2012_validation_ground_truth.txt": "".join(f"{k}\n" for k in truth).encode(),
        "ILSVRC2012_devkit_t12/evaluation/demo.val.pred.txt": b"1 2 3 4 5\n",
        "ILSVRC2012_devkit_t12/evaluation/VOCreadxml.m": b"% MATLAB",
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


def test_imagenet__kaggles_archive(tmp_path: Path) -> None:
    """The other place that gives the same pictures: classes in a table, and boxes beside them."""
    lines = [f"{Path(name).stem},{WNIDS[number]} 85 1 499 272 {WNIDS[number]} 1 1 9 9 "
             for number, name in reversed(list(zip(TRUTH, val(), strict=True)))]  # fmt: skip
    contents = {
        "ILSVRC/Annotations/CLS-LOC/val/ILSVRC2012_val_00000001.xml": b"<annotation/>",
        **{f"ILSVRC/Data/CLS-LOC/train/{name}": content for name, content in TRAIN.items()},
        **{f"ILSVRC/Data/CLS-LOC/val/{name}": content for name, content in val().items()},
        "ILSVRC/Data/CLS-LOC/test/ILSVRC2012_test_00000001.JPEG": b"test",
        "LOC_synset_mapping.txt": b"n01440764 tench, Tinca tinca\n",
        "LOC_val_solution.csv": "\n".join(["ImageId,PredictionString", *lines]).encode(),
    }
    name = "imagenet-object-localization-challenge.zip"
    source = write_tree(tmp_path / "s", {name: zip_bytes(contents)})
    run(IMAGENET, source / name, tmp_path / "out", Options())
    expected = {f"train/{name}": content for name, content in TRAIN.items()} | sorted_val()
    assert read_tree(tmp_path / "out") == expected
    for line in ("ILSVRC2012_val_00000001,tench 1 2 3 4", "one,n01440764 1 2 3 4"):
        table = write_tree(tmp_path / "t", {"LOC_val_solution.csv": f"a,b\n{line}\n".encode()})
        with pytest.raises(DataError, match=r"LOC_val_solution.csv, line 2: expected a picture"):
            read_validation_classes(table)


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


def picture(name: str) -> bytes:
    """A red picture of 6 x 8, as the odd files of the published set are."""
    stream = io.BytesIO()
    red = Image.new("RGB", (8, 6), (200, 20, 30))
    match name:
        case "n02105855_2933.JPEG":  # the one that is a PNG
            red.save(stream, "PNG")
        case "n01739381_1309.JPEG":  # one of the 22 in the colours of a printer
            red.convert("CMYK").save(stream, "JPEG", quality=95)
        case "n02667093_4388.JPEG":  # one whose EXIF data cannot be read
            red.save(stream, "JPEG", quality=95, exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")
        case "n01440764_10040.JPEG":
            red.convert("L").save(stream, "JPEG", quality=95)
        case _:
            red.save(stream, "JPEG", quality=95)
    return stream.getvalue()


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_imagenet__odd_files_are_kept_and_read(tmp_path: Path) -> None:
    names = ["n02105855_2933.JPEG", "n01739381_1309.JPEG", "n02667093_4388.JPEG",
             "n01440764_10040.JPEG", "n01440764_2.JPEG"]  # fmt: skip
    folders: dict[str, dict[str, bytes]] = {}
    for name in names:
        folders.setdefault(name.split("_")[0], {})[name] = picture(name)
    archive = tar_bytes({f"{wnid}.tar": tar_bytes(files) for wnid, files in folders.items()})
    source = write_tree(tmp_path / "s", {"ILSVRC2012_img_train.tar": archive})
    run(IMAGENET, source, tmp_path / "out", Options())
    dataset = ClassFolders(data_root=str(tmp_path / "out/train"), pipeline=[LoadImage()])
    assert dataset.CLASSES == tuple(sorted(folders))
    for index in range(len(names)):
        sample = dataset[index]
        name = Path(sample["img_path"]).name
        assert Path(sample["img_path"]).read_bytes() == picture(name)
        assert sample["img"].shape == (6, 8, 3) and sample["img"].dtype == np.uint8
        expected = (30, 20, 200) if name != "n01440764_10040.JPEG" else (75, 75, 75)
        assert np.abs(sample["img"].astype(int) - expected).max() < 12, name


@needs_samples
def test_imagenet__real_samples(tmp_path: Path) -> None:
    counts = run(IMAGENET, SAMPLES / "imagenet", tmp_path / "out", Options())
    assert [count.found for count in counts] == [0, 0, 50, 50]
    assert read_tree(tmp_path / "out/val") == read_tree(SAMPLES / "imagenet/val")
