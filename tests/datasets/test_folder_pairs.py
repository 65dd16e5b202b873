"""CamVid and Clothing Co-Parsing: pictures and label maps of two folders."""

import cv2
import numpy as np
import pytest
from mmseg.datasets.transforms import PackSegInputs

from argus.datasets.camvid import CamVid
from argus.datasets.ccp import ClothingCoParsing
from argus.datasets.transforms import LoadImage, LoadSegMap
from argus.errors import DataError


def write(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), pixels)


@pytest.mark.parametrize(("kind", "number"), [(CamVid, 11), (ClothingCoParsing, 59)])
def test_pairs__labels_are_those_of_the_files(tmp_path, kind, number):
    labels = np.array([[0, 1, number - 1], [255, 0, 2]], np.uint8)
    for name in ("a", "b"):
        write(tmp_path / f"images/val/{name}.jpg", np.zeros((2, 3, 3), np.uint8))
    write(tmp_path / "labels/val/b.png", labels)
    dataset = kind(
        data_root=str(tmp_path),
        data_prefix=dict(img_path="images/val", seg_map_path="labels/val"),
        pipeline=[
            dict(type=LoadImage),
            dict(type=LoadSegMap, num_classes=number),
            dict(type=PackSegInputs),
        ],
    )
    assert len(dataset) == 1  # one picture has no label map
    assert len(dataset.metainfo["classes"]) == len(dataset.metainfo["palette"]) == number
    np.testing.assert_array_equal(dataset[0]["data_samples"].gt_sem_seg.data[0], labels)


def test_pairs__a_folder_without_pictures(tmp_path):
    (tmp_path / "images/train").mkdir(parents=True)
    (tmp_path / "labels/train").mkdir(parents=True)
    with pytest.raises(DataError, match=r"images/train: no picture \(\.jpg"):
        CamVid(data_root=str(tmp_path))
