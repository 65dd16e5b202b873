"""The small sets: tiny copies of what their owners publish, in the layouts of the configs."""

import io
import json
import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest
from pycocotools import mask as coco_mask
from scipy.io import savemat

from argus.datasets.convert.all_converters import CONVERTERS
from argus.datasets.convert.conversion import Options, run
from argus.datasets.convert.published import PUBLISHED
from argus.datasets.convert.small_splits import small_split
from argus.errors import DataError
from tests.datasets.convert.archive_files import read_tree, tar_bytes, zip_bytes


def png(pixels: np.ndarray) -> bytes:
    return cv2.imencode(".png", pixels)[1].tobytes()


def jpg(pixels: np.ndarray) -> bytes:
    return cv2.imencode(".jpg", pixels)[1].tobytes()


def mat(**variables: object) -> bytes:
    stream = io.BytesIO()
    savemat(stream, variables)
    return stream.getvalue()


def convert(name: str, folder: Path, contents: dict[str, bytes]) -> tuple[Path, dict[str, int]]:
    """Convert an archive of a repository; the target, and what was counted there."""
    archive = folder / "HEAD.zip"
    archive.write_bytes(zip_bytes({f"repo-main/{path}": c for path, c in contents.items()}))
    counts = run(CONVERTERS[name], archive, folder / "out", Options())
    return folder / "out", {count.name: count.found for count in counts if count.found}


def test_camvid__void_is_255(tmp_path: Path) -> None:
    stored = np.array([[0, 10, 11], [1, 1, 1]], np.uint8)
    picture = png(np.zeros((2, 3, 3), np.uint8))
    out, counts = convert(
        "camvid",
        tmp_path,
        {
            "CamVid/train/a.png": picture,
            "CamVid/trainannot/a.png": png(stored),
            "CamVid/test/b.png": picture,
            "CamVid/testannot/b.png": png(stored),
            "CamVid/train.txt": b"/SegNet/CamVid/train/a.png /SegNet/CamVid/trainannot/a.png",
            "Models/train/c.png": picture,
        },
    )
    assert counts == dict.fromkeys(
        ("train images", "train labels", "test images", "test labels"), 1
    )
    labels = cv2.imread(str(out / "labels/test/b.png"), cv2.IMREAD_UNCHANGED)
    assert labels.tolist() == [[0, 10, 255], [1, 1, 1]]
    assert (out / "images/train/a.png").read_bytes() == picture


def test_camvid__labels_of_another_set(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.png: labels up to 31; expected 0\.\.10, and 11"):
        convert("camvid", tmp_path, {"CamVid/trainannot/a.png": png(np.full((2, 2), 31, np.uint8))})


def test_nuclei__masks_become_instances(tmp_path: Path) -> None:
    tested = next(iter(sorted(small_split("nuclei_val"))))
    ids = [f"{tested}{'0' * 48}", "f" * 64, "e" * 64]
    masks = np.zeros((2, 6, 8), np.uint8)
    masks[0, 1:3, 2:5] = 255
    masks[1, 4:, 6:] = 255
    contents = {}
    for identity in ids:
        size = (720, 4) if identity.startswith("e") else (6, 8)
        folder = f"stage1_train/{identity}"
        contents[f"{folder}/images/{identity}.png"] = png(np.zeros((*size, 4), np.uint8))
        for index, mask in enumerate(masks):
            contents[f"{folder}/masks/{index}.png"] = png(mask)
        contents[f"{folder}/masks/none.png"] = png(np.zeros((6, 8), np.uint8))
    out, counts = convert("nuclei", tmp_path, contents)
    assert counts == {"train pictures": 1, "train nuclei": 2, "val pictures": 1, "val nuclei": 2}
    content = json.loads((out / "annotations/val.json").read_text())
    assert content["images"] == [dict(id=1, file_name=f"{tested}.png", height=6, width=8)]
    assert (out / f"val/{tested}.png").is_file()
    for annotation, mask in zip(content["annotations"], masks, strict=True):
        decoded = coco_mask.decode(annotation["segmentation"])
        np.testing.assert_array_equal(decoded, mask > 0)
        assert annotation["area"] == (mask > 0).sum()
    assert [a["bbox"] for a in content["annotations"]] == [[2, 1, 3, 2], [6, 4, 2, 2]]


def test_nuclei__a_mask_of_another_size(tmp_path: Path) -> None:
    folder = f"stage1_train/{'f' * 64}"
    contents = {
        f"{folder}/images/{'f' * 64}.png": png(np.zeros((6, 8, 3), np.uint8)),
        f"{folder}/masks/0.png": png(np.ones((8, 6), np.uint8)),
    }
    with pytest.raises(DataError, match=r"masks/0\.png: a mask of \(8, 6\), its picture has"):
        convert("nuclei", tmp_path, contents)


def test_splits__are_as_large_as_published_here() -> None:
    assert len(small_split("nuclei_val")) == PUBLISHED["nuclei"]["val pictures"].number == 158
    assert (len(small_split("tile_train")), len(small_split("tile_test"))) == (350, 150)
    assert not small_split("tile_train") & small_split("tile_test")


PICTURES = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), np.uint8)
LABELS = [3, 0, 3]


def rows() -> np.ndarray:
    return PICTURES.transpose(0, 3, 1, 2).reshape(3, -1)


def binary() -> bytes:
    return np.hstack([np.array(LABELS, np.uint8)[:, None], rows()]).tobytes()


def pickled() -> bytes:
    return pickle.dumps({b"labels": LABELS, b"data": rows(), b"batch_label": b"1 of 5"}, 2)


@pytest.mark.parametrize(("form", "suffix"), [(binary, ".bin"), (pickled, "")])
def test_cifar10__batches_become_folders(tmp_path: Path, form, suffix) -> None:
    content = {f"cifar-10/data_batch_1{suffix}": form(), f"cifar-10/test_batch{suffix}": form()}
    archive = tmp_path / "cifar-10-any.tar.gz"
    archive.write_bytes(tar_bytes(content, "gz"))
    counts = run(CONVERTERS["cifar10"], archive, tmp_path / "out", Options())
    assert [count.found for count in counts] == [3, 3]
    names = ("train/cat/0000", "train/airplane/0000", "train/cat/0001")
    for name, picture in zip(names, PICTURES, strict=True):
        found = cv2.imread(str(tmp_path / f"out/{name}.png"))[..., ::-1]
        np.testing.assert_array_equal(found, picture)


def test_cifar10__a_pickle_of_more_than_numbers(tmp_path: Path) -> None:
    (tmp_path / "data_batch_1").write_bytes(pickle.dumps(Path("x")))
    with pytest.raises(DataError, match="data_batch_1: damaged, or no batch"):
        run(CONVERTERS["cifar10"], tmp_path, tmp_path / "out", Options())


def test_cifar10__folders_stay(tmp_path: Path) -> None:
    picture = png(PICTURES[0])
    out, counts = convert(
        "cifar10", tmp_path, {"train/cat/0000.png": picture, "test/ship/0007.jpg": jpg(PICTURES[1])}
    )
    assert counts == {"train images": 1, "test images": 1}
    assert (out / "train/cat/0000.png").read_bytes() == picture


def test_bsds500_and_sod__files_find_their_folders(tmp_path: Path) -> None:
    files = {"images/train/8049.jpg": b"1", "groundTruth/train/8049.mat": b"2"}
    published = {f"BSDS500/data/{name}": content for name, content in files.items()}
    published["BSDS500/data/segs/hsv/8049.mat"] = b"3"
    out, counts = convert("bsds500", tmp_path, published)
    assert counts == {"train images": 1, "train boundaries": 1}
    assert read_tree(out) == files
    (tmp_path / "sod").mkdir()
    out, counts = convert("sod", tmp_path / "sod", {"tools/GroundTruth/SOD/8049.png": b"4"})
    assert counts == {"masks": 1}
    assert read_tree(out) == {"masks/8049.png": b"4"}


def test_bccd__the_folder_as_it_is(tmp_path: Path) -> None:
    files = {
        "Annotations/BloodImage_00001.xml": b"1",
        "JPEGImages/BloodImage_00001.jpg": b"2",
        "ImageSets/Main/train.txt": b"BloodImage_00001\n",
    }
    out, counts = convert("bccd", tmp_path, {f"BCCD/{name}": c for name, c in files.items()})
    assert counts == {"pictures": 1, "annotations": 1, "train pictures": 1}
    assert read_tree(out) == files


def test_ccp__labels_of_the_reduced_photo(tmp_path: Path) -> None:
    stored = np.zeros((800, 500), np.uint8)
    stored[:400] = 58
    contents = {}
    for name in ("0800", "0801", "0900"):
        contents[f"photos/{name}.jpg"] = jpg(np.full((800, 500, 3), (10, 20, 200), np.uint8))
        if name != "0900":
            contents[f"annotations/pixel-level/{name}.mat"] = mat(groundtruth=stored)
    out, counts = convert("ccp", tmp_path, contents)
    assert counts == dict.fromkeys(("train images", "train labels", "val images", "val labels"), 1)
    labels = cv2.imread(str(out / "labels/val/0801.png"), cv2.IMREAD_UNCHANGED)
    photo = cv2.imread(str(out / "images/val/0801.jpg"))
    assert labels.shape == photo.shape[:2] == (400, 250)
    assert (labels[:200] == 58).all() and not labels[200:].any()
    assert np.abs(photo.mean((0, 1)) - (10, 20, 200)).max() < 3  # its colours in their order


def test_ccp__labels_out_of_range(tmp_path: Path) -> None:
    contents = {
        "photos/0001.jpg": jpg(np.zeros((4, 4, 3), np.uint8)),
        "annotations/pixel-level/0001.mat": mat(groundtruth=np.full((4, 4), 59)),
    }
    with pytest.raises(DataError, match=r"0001\.mat: labels 59 to 59; expected 0\.\.58"):
        convert("ccp", tmp_path, contents)


def test_magnetic_tile__the_layout_of_mvtec(tmp_path: Path) -> None:
    trained, tested = (sorted(small_split(f"tile_{split}"))[0] for split in ("train", "test"))
    contents = {f"MT_Free/Imgs/{name}.jpg": b"1" for name in (trained, tested, "exp9_num_1")}
    contents |= {"MT_Crack/Imgs/exp1_num_2.jpg": b"2", "MT_Crack/Imgs/exp1_num_2.png": b"3"}
    out, counts = convert("magnetic-tile", tmp_path, contents)
    assert counts == {"train good": 1, "test good": 1, "test crack": 1, "crack masks": 1}
    assert read_tree(out) == {
        f"tile/train/good/{trained}.jpg": b"1",
        f"tile/test/good/{tested}.jpg": b"1",
        "tile/test/crack/exp1_num_2.jpg": b"2",
        "tile/ground_truth/crack/exp1_num_2_mask.png": b"3",
    }
