"""Masks of defects."""

import cv2
import numpy as np
import pytest
from PIL import Image

from argus.datasets.census.maps import count_maps
from argus.datasets.transforms import LoadAnomalyMask
from argus.errors import DataError


def load(**results) -> np.ndarray:
    return LoadAnomalyMask()(dict(ori_shape=(4, 5), img_path="a.png") | results)["gt_anomaly_map"]


@pytest.mark.parametrize("value", [1, 128, 255])
def test_mask__any_value_is_a_defect(tmp_path, value):
    stored = np.zeros((4, 5), np.uint8)
    stored[1, 2:4] = value
    cv2.imwrite(str(tmp_path / "m.png"), stored)
    found = load(mask_path=str(tmp_path / "m.png"), gt_anomaly=1)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, stored > 0)


def test_mask__good_picture_has_an_empty_one_of_the_original_size():
    found = load(gt_anomaly=0, img_shape=(2, 2))
    assert found.shape == (4, 5) and found.dtype == np.uint8 and not found.any()


def test_mask__mistakes_raise(tmp_path):
    with pytest.raises(DataError, match="defective, but without a mask_path"):
        load(gt_anomaly=1)
    with pytest.raises(DataError, match="no such file"):
        load(mask_path=str(tmp_path / "none.png"))
    path = tmp_path / "m.png"
    cv2.imwrite(str(path), np.zeros((5, 4), np.uint8))
    with pytest.raises(DataError, match=r"m\.png: the mask is 4x5 .* image 5x4"):
        load(mask_path=str(path))
    cv2.imwrite(str(path), np.full((4, 5, 3), (0, 0, 255), np.uint8))
    with pytest.raises(DataError, match=r"m\.png: .*colour picture"):
        load(mask_path=str(path))


def test_mask__grey_values_of_a_jpeg(tmp_path):
    expected = np.zeros((64, 64), np.uint8)
    expected[20:40, 20:44] = 1
    Image.fromarray(expected * 255).save(tmp_path / "a.jpg")
    results = dict(ori_shape=(64, 64), gt_anomaly=1, mask_path=str(tmp_path / "a.jpg"))
    with pytest.raises(DataError, match=r"a\.jpg: a JPEG as mask.*threshold=127"):
        LoadAnomalyMask()(dict(results))
    found = LoadAnomalyMask(threshold=127)(dict(results))["gt_anomaly_map"]
    np.testing.assert_array_equal(found, expected)
    Image.fromarray(expected * 0 + 255).save(tmp_path / "a.jpg")
    assert LoadAnomalyMask()(dict(results))["gt_anomaly_map"].all(), "it is not grey"


def test_mask__soft_edges_are_counted(tmp_path):
    values = np.zeros((8, 8), np.uint8)
    values[2:6, 2:6] = 255
    for name, edge, share in (("hard", 255, 0), ("soft", 100, 4 / 16), ("kinds", 1, 0)):
        values[2, 2:6] = edge
        path = tmp_path / f"{name}.png"
        Image.fromarray(values if name != "kinds" else (values > 0).astype(np.uint8)).save(path)
        sample = dict(ori_shape=(8, 8), gt_anomaly=1, mask_path=str(path))
        assert LoadAnomalyMask().soft_share(sample) == share
        assert LoadAnomalyMask(threshold=127).soft_share(sample) == 0
        odd = count_maps(LoadAnomalyMask(), sample).odd
        assert [number for number, _ in odd.values()] == [1] * bool(share)
    assert LoadAnomalyMask().soft_share(dict(ori_shape=(8, 8))) == 0
