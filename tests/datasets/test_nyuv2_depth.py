import numpy as np
import pytest
from PIL import Image

from argus.datasets import nyuv2_depth
from argus.datasets.nyuv2_depth import NYUv2Depth
from argus.datasets.transforms import (
    JointCrop,
    JointRandomCrop,
    JointRandomFlip,
    JointRandomRotate,
    LoadDepth,
    LoadImage,
    PackDense,
    RandomColor,
)
from argus.errors import DataError

LINES = (
    "kitchen_0028b/rgb_00045.jpg kitchen_0028b/sync_depth_00045.png 518.8579",
    "/kitchen_0028b/rgb_00046.jpg None 518.8579",
    "/bath/rgb_1.jpg /bath/sync_depth_1.png 518.8579",
    "bath/rgb_2.jpg bath/sync_depth_2.png",
)


def build(root, lines=LINES, **options):
    (root / "train.txt").write_text("\n".join(lines) + "\n\n")
    return NYUv2Depth("train.txt", data_root=str(root), **options)


def test_list__pairs_below_the_root_and_none_left_out(tmp_path, monkeypatch):
    logged = []
    monkeypatch.setattr(nyuv2_depth, "print_log", lambda text, **kwargs: logged.append(text))
    dataset = build(tmp_path)
    pairs = [
        (dataset.get_data_info(i)["img_path"], dataset.get_data_info(i)["depth_path"])
        for i in range(len(dataset))
    ]
    assert pairs == [
        (
            f"{tmp_path}/kitchen_0028b/rgb_00045.jpg",
            f"{tmp_path}/kitchen_0028b/sync_depth_00045.png",
        ),
        (f"{tmp_path}/bath/rgb_1.jpg", f"{tmp_path}/bath/sync_depth_1.png"),
        (f"{tmp_path}/bath/rgb_2.jpg", f"{tmp_path}/bath/sync_depth_2.png"),
    ]
    assert dataset.num_listed == 4
    assert logged == [f"{tmp_path}/train.txt: 3 images, 1 left out (without depth)"]


def test_list__folders(tmp_path):
    dataset = build(tmp_path, data_prefix=dict(img_path="rgb", depth_path="far"))
    info = dataset.get_data_info(1)
    assert info["img_path"] == f"{tmp_path}/rgb/bath/rgb_1.jpg"
    assert info["depth_path"] == f"{tmp_path}/far/bath/sync_depth_1.png"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["a.jpg None 5"], "none of its 1 image has a depth"),
        (["a.jpg b.png 5", "c.jpg"], r"train\.txt, line 2 .*'c\.jpg': expected"),
        (["a b c d"], "line 1 "),
        ([], "no line"),
    ],
)
def test_list__mistakes(tmp_path, lines, message):
    with pytest.raises(DataError, match=message):
        build(tmp_path, lines)


def test_training_pipeline__eigen_protocol(tmp_path):
    rows, cols = np.mgrid[:480, :640]
    (tmp_path / "a").mkdir()
    Image.fromarray(np.stack([rows % 256, cols % 256, rows * 0], -1).astype(np.uint8)).save(
        tmp_path / "a/rgb.png"
    )
    Image.fromarray((1000 + 10 * rows).astype(np.uint16)).save(tmp_path / "a/depth.png")
    dataset = build(
        tmp_path,
        ["a/rgb.png a/depth.png 518.8579"],
        pipeline=[
            dict(type=LoadImage),
            dict(type=LoadDepth, depth_range=(0.001, 5.0)),
            dict(type=JointCrop, rows=(45, 472), cols=(43, 608)),
            dict(type=JointRandomRotate, degrees=2.5, prob=0.5),
            dict(type=JointRandomFlip, prob=0.5),
            dict(type=JointRandomCrop, size=(416, 544)),
            dict(type=RandomColor),
            dict(type=PackDense, fields=("depth",)),
        ],
    )
    for _ in range(4):
        packed = dataset[0]
        assert packed["inputs"].shape == (3, 416, 544)
        depth = packed["data_samples"].gt_depth.data
        assert depth.shape == (1, 416, 544)
        assert depth.max() <= 5.0 and depth[depth > 0].min() >= 1 + 0.01 * 45
        assert 0.05 < (depth == 0).float().mean() < 0.2  # rows beyond 400, and corners
