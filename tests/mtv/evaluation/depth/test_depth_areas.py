import numpy as np
import pytest

from argus.errors import DataError
from argus.mtv.evaluation.depth.depth_areas import area, kitti_crop


def test_kitti_crop__the_lowest_rows_and_the_middle():
    rows, columns = np.indices((375, 1242))
    cropped = kitti_crop(np.stack([rows, columns], -1), name="a.png")
    assert cropped.shape == (352, 1216, 2)
    assert cropped[0, 0].tolist() == [23, 13] and cropped[-1, -1].tolist() == [374, 1228]
    with pytest.raises(DataError, match=r"b.png: expected a picture of KITTI.*\(300, 1242\)"):
        kitti_crop(np.zeros((300, 1242)), name="b.png")


# The corners of the boxes of published evaluation code at the size of KITTI's crop.
@pytest.mark.parametrize(
    ("mask", "size", "box"),
    [
        ("eigen", (352, 1216), (117, 321, 43, 1172)),
        ("garg", (352, 1216), (143, 349, 43, 1172)),
        ("nyu", (480, 640), (45, 471, 41, 601)),
        ("none", (3, 4), (0, 3, 0, 4)),
    ],
)
def test_area__boxes(mask, size, box):
    top, bottom, left, right = box
    found = area(size, mask, name="a.png")
    assert found[top:bottom, left:right].all() and found.sum() == (bottom - top) * (right - left)


def test_area__of_nyu_is_for_its_size():
    with pytest.raises(DataError, match=r"a.png: expected \(480, 640\).*found \(240, 320\)"):
        area((240, 320), "nyu", name="a.png")
