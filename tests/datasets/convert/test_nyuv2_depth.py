from pathlib import Path

import cv2
import numpy as np
import pytest

from argus.datasets.convert.conversion import Options, run
from argus.datasets.convert.nyuv2_depth import NYUV2_DEPTH, Pair, read_pairs
from argus.errors import DataError
from tests.datasets.convert.archive_files import image_bytes, read_tree, write_tree, zip_bytes
from tests.datasets.convert.published_numbers import publish
from tests.datasets.convert.test_nyuv2_labeled import as_published
from tests.real_data.samples import SAMPLES, needs_samples

JPG = image_bytes(np.zeros((4, 5, 3), np.uint8), ".jpg")
DEPTH = image_bytes(np.full((4, 5), 1234, np.uint16))
TRAIN_LIST = (
    b"/kitchen_0028b/rgb_00045.jpg /kitchen_0028b/sync_depth_00045.png 518.8579\n"
    b"/kitchen_0028b/rgb_00046.jpg /kitchen_0028b/sync_depth_00046.png 518.8579\n"
)
TEST_LIST = (  # two forms that are in use
    b"/bathroom/rgb_00045.jpg /bathroom/sync_depth_00045.png 0.0  /bathroom/sync_seg_00045.png\n"
    b"official_splits/test/office/rgb_00008.jpg office/sync_depth_00008.png 500\n"
)
LISTS = {
    "nyudepthv2_train_files_with_gt.txt": TRAIN_LIST,
    "nyudepthv2_test_files_with_gt.txt": TEST_LIST,
}


def pictures(prefix: str, *scenes: str) -> dict[str, bytes]:
    result = {}
    for scene in scenes:
        folder, number = scene.split(":")
        result[f"{prefix}/{folder}/rgb_{number}.jpg"] = JPG
        result[f"{prefix}/{folder}/sync_depth_{number}.png"] = DEPTH
    return result


TRAIN = pictures("sync", "kitchen_0028b:00045", "kitchen_0028b:00046", "kitchen_0028b:00047")
TEST = pictures("official_splits/test", "bathroom:00045", "office:00008")


@pytest.mark.parametrize("is_archive", [False, True])
def test_nyuv2_depth__listed_pictures(tmp_path: Path, is_archive: bool, monkeypatch) -> None:
    publish(monkeypatch, "nyuv2-depth", {}, rest=2)
    source = write_tree(tmp_path / "source", LISTS | TEST)
    write_tree(source, {"sync.zip": zip_bytes(TRAIN)} if is_archive else TRAIN)
    counts = run(NYUV2_DEPTH, source, tmp_path / "out", Options())
    assert [(count.found, count.is_whole) for count in counts] == [(2, True), (2, True)]
    found = read_tree(tmp_path / "out")
    assert found.pop("nyu_train.txt").decode().splitlines() == [
        "train/kitchen_0028b/rgb_00045.jpg train/kitchen_0028b/sync_depth_00045.png 518.8579",
        "train/kitchen_0028b/rgb_00046.jpg train/kitchen_0028b/sync_depth_00046.png 518.8579",
    ]
    assert found.pop("nyu_test.txt").decode().splitlines() == [
        "test/bathroom/rgb_00045.jpg test/bathroom/sync_depth_00045.png 518.8579",
        "test/office/rgb_00008.jpg test/office/sync_depth_00008.png 500",
    ]
    # kitchen_0028b 47 is in no list.
    expected = {name.replace("sync/", "train/", 1): TRAIN[name] for name in list(TRAIN)[:4]}
    expected |= {name.replace("official_splits/", ""): content for name, content in TEST.items()}
    assert found == expected


def test_nyuv2_depth__missing_pictures_are_counted(tmp_path: Path) -> None:
    source = write_tree(tmp_path / "source", LISTS | TEST)
    write_tree(source, dict(list(TRAIN.items())[:3]))
    counts = run(NYUV2_DEPTH, source, tmp_path / "out", Options())
    assert [(count.found, count.is_whole) for count in counts] == [(1, False), (2, False)]
    train, test = NYUV2_DEPTH.names(tmp_path / "out")
    assert set(train.wanted) - set(train.found) == {"train/kitchen_0028b/sync_depth_00046.png"}
    assert set(test.wanted) == set(test.found)


def test_nyuv2_depth__read_by_the_data_set(tmp_path: Path) -> None:
    from argus.datasets.nyuv2_depth import NYUv2Depth

    source = write_tree(tmp_path / "source", LISTS | TEST | TRAIN)
    run(NYUV2_DEPTH, source, tmp_path / "out", Options())
    dataset = NYUv2Depth("nyu_test.txt", data_root=str(tmp_path / "out"))
    assert len(dataset) == 2
    for index in range(2):
        info = dataset.get_data_info(index)
        assert Path(info["img_path"]).is_file()
        assert Path(info["depth_path"]).is_file()


def test_nyuv2_depth__test_pictures_of_the_labelled_file(tmp_path: Path) -> None:
    """As BTS makes ``official_splits`` of it; what is there already stays."""
    h5py = pytest.importorskip("h5py")
    lists = LISTS | {
        "nyudepthv2_test_files_with_gt.txt": b"/bathroom/rgb_00000.jpg /bathroom/sync_depth_00000."
        b"png 518.8579\n/office/rgb_00001.jpg /office/sync_depth_00001.png 518.8579\n"
    }
    there = pictures("official_splits/test", "bathroom:00000")
    source = write_tree(tmp_path / "source", lists | TRAIN | there)
    as_published(source / "nyu_depth_v2_labeled.mat", 2, 480, 640, 2)
    counts = run(NYUV2_DEPTH, source, tmp_path / "out", Options())
    assert [count.found for count in counts] == [2, 2]
    office, bathroom = tmp_path / "out/test/office", tmp_path / "out/test/bathroom"
    assert (bathroom / "rgb_00000.jpg").read_bytes() == JPG
    with h5py.File(source / "nyu_depth_v2_labeled.mat") as file:
        image, raw = file["images"][1], file["rawDepths"][1]
    depth = cv2.imread(str(office / "sync_depth_00001.png"), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(depth, (raw.T * 1000.0).astype(np.uint16))
    read = cv2.imread(str(office / "rgb_00001.jpg"))[..., ::-1].astype(int)
    frame = np.ones((480, 640), bool)
    frame[7:474, 7:632] = False
    assert read[frame].mean() < 8  # JPEG spreads a little of what is beside it
    difference = read[16:464, 16:624] - image.transpose(2, 1, 0)[16:464, 16:624]
    assert abs(difference.mean()) < 3
    too_few = tmp_path / "few"
    write_tree(too_few, lists | {"nyudepthv2_test_files_with_gt.txt": b"/a/rgb_00007.jpg /a/b.png"})
    as_published(too_few / "nyu_depth_v2_labeled.mat", 2, 4, 6, 2)
    with pytest.raises(DataError, match="it has 2 pictures, none for rgb_00007.jpg"):
        run(NYUV2_DEPTH, too_few, tmp_path / "out2", Options())


def test_nyuv2_depth__missing_list(tmp_path: Path) -> None:
    source = write_tree(tmp_path / "source", TRAIN | TEST)
    with pytest.raises(DataError, match="no list of the train and test pictures"):
        run(NYUV2_DEPTH, source, tmp_path / "out", Options())


def test_nyuv2_depth__eight_bit_depth(tmp_path: Path) -> None:
    source = write_tree(tmp_path / "source", LISTS | TEST | TRAIN)
    wrong = {"sync/kitchen_0028b/sync_depth_00045.png": image_bytes(np.zeros((4, 5), np.uint8))}
    write_tree(source, wrong)
    with pytest.raises(DataError, match=r"00045.png: expected a depth map of 16 bits.*found 8"):
        run(NYUV2_DEPTH, source, tmp_path / "out", Options())


def test_read_pairs__forms_and_mistakes() -> None:
    assert read_pairs("a/b/rgb_1.jpg /b/sync_depth_1.png\n\n", "list") == [
        Pair("b/rgb_1.jpg", "b/sync_depth_1.png", "518.8579")
    ]
    assert read_pairs("b/rgb_1.jpg None 721.5", "list") == []
    for line in (
        "b/rgb_1.jpg",
        "../x/rgb_1.jpg ../x/sync_depth_1.png 1",
        "/ / 1",
        "a/b c/d x",
        "a/b c/d nan",
        "a/" + "b" * 300 + " c/d",
    ):
        with pytest.raises(DataError, match="list, line 1: "):
            read_pairs(line, "list")


@needs_samples
def test_nyuv2_depth__real_samples(tmp_path: Path) -> None:
    root, lines, contents = SAMPLES / "nyuv2", [], {}
    for name in ("sync_00000", "sync_00050", "sync_00100"):
        number = name.removeprefix("sync_").zfill(5)
        image, depth = f"basement/rgb_{number}.jpg", f"basement/sync_depth_{number}.png"
        contents[f"sync/{image}"] = (root / "image" / f"{name}.png").read_bytes()
        contents[f"sync/{depth}"] = (root / "depth" / f"{name}.png").read_bytes()
        lines.append(f"/{image} /{depth} 518.8579\n")
    lists = dict.fromkeys(LISTS, "".join(lines).encode())
    counts = run(NYUV2_DEPTH, write_tree(tmp_path / "s", contents | lists), tmp_path / "out",
                 Options())  # fmt: skip
    assert [count.found for count in counts] == [3, 0]
