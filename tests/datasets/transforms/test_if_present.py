import numpy as np
import pytest

from argus.datasets.transforms import IfPresent, JointRandomFlip, LoadDepth
from argus.errors import DataError


@pytest.mark.parametrize("results", [dict(img_path="a.png"), dict(depth_path=None)])
def test_if_present__absent_label_leaves_the_sample_alone(results):
    transform = IfPresent("depth_path", dict(type=LoadDepth, scale=500.0))
    before = dict(results)
    assert transform(results) is results
    assert results == before


def test_if_present__present_label_is_loaded_by_the_inner_transform():
    transform = IfPresent("depth_path", dict(type="LoadDepth", scale=500.0))
    assert transform.inner.scale == 500
    with pytest.raises(DataError, match="nowhere: no such file"):
        transform(dict(depth_path="nowhere", ori_shape=(2, 2)))


def test_if_present__any_key_and_transform():
    image = np.arange(6, dtype=np.uint8).reshape(1, 2, 3)
    transform = IfPresent("img", dict(type=JointRandomFlip, prob=1.0))
    np.testing.assert_array_equal(transform(dict(img=image))["img"], image[:, ::-1])
