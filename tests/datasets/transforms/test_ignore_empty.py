import numpy as np
import pytest

from argus.datasets.transforms import IgnoreEmpty, JointRandomCrop


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0, 255], 255), ([0, 0], 255), ([255, 255], 255), ([0, 3, 255], None), ([1, 1], None)],
)
def test_ignore_empty__background_alone_is_unknown(values, expected):
    labels = np.resize(np.array(values, np.uint8), (4, 6))
    found = IgnoreEmpty()(dict(gt_seg_map=labels.copy()))["gt_seg_map"]
    assert found.dtype == labels.dtype
    assert np.array_equal(found, labels if expected is None else np.full_like(labels, expected))


def test_ignore_empty__after_a_crop_beside_all_people():
    image, labels = np.zeros((32, 64, 3), np.uint8), np.zeros((32, 64), np.int64)
    labels[:, :2] = 1
    crop = JointRandomCrop((32, 32))
    seen = set()
    for _ in range(50):
        results = crop(dict(img=image, img_shape=(32, 64), gt_seg_map=labels.copy()))
        has_parts = bool((results["gt_seg_map"] == 1).any())
        found = IgnoreEmpty()(results)["gt_seg_map"]
        assert bool((found == 0).any()) is has_parts
        seen.add(has_parts)
    assert seen == {True, False}


def test_ignore_empty__samples_without_a_label_map_pass():
    assert IgnoreEmpty()(dict(img=1)) == dict(img=1)
