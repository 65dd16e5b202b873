import numpy as np
import pytest

from argus.datasets.seeding import isolated_rng
from argus.datasets.transforms import JointRandomRotate
from argus.datasets.transforms.joint_maps import IMAGE_FILL, LABEL_FILL
from argus.datasets.transforms.joint_rotate import rotate_maps
from tests.datasets.transforms.maps import assert_maps_equal, copied, place_maps


@pytest.mark.parametrize("turns", [1, 2, 3, -1])
@pytest.mark.parametrize("side", [24, 25])
def test_rotate__quarter_turns_equal_numpy(turns, side):
    source = place_maps(side, side)
    results = copied(source)
    rotate_maps(results, 90.0 * turns)
    for key in ("img", *LABEL_FILL):
        expected = np.rot90(source[key], turns)
        if key == "gt_normals":  # x right, y up: a quarter turn takes (x, y) to (-y, x)
            for _ in range(turns % 4):
                expected = np.stack([-expected[..., 1], expected[..., 0], expected[..., 2]], -1)
            np.testing.assert_allclose(results[key], expected, atol=1e-6)
        else:
            np.testing.assert_array_equal(results[key], expected, err_msg=key)


def test_rotate__normal_to_the_right_comes_to_point_up():
    normals = np.zeros((5, 5, 3), np.float32)
    normals[..., 0] = 1
    results = dict(img=np.zeros((5, 5, 3), np.uint8), gt_normals=normals)
    rotate_maps(results, 90)
    np.testing.assert_allclose(
        results["gt_normals"], np.broadcast_to([0, 1, 0], (5, 5, 3)), atol=1e-6
    )


@pytest.mark.parametrize("degrees", [2.5, -17.0, 45.0])
def test_rotate__labels_stay_aligned_with_the_image(degrees):
    source = place_maps(90, 120)
    results = copied(source)
    rotate_maps(results, degrees)
    known = results["gt_depth"] > 0
    known[:2] = known[-2:] = known[:, :2] = known[:, -2:] = False
    row = np.floor(results["gt_depth"]) - 1
    col = results["gt_seg_map"].astype(float)
    edge = (row < 1) | (row > 88) | (col < 1) | (col > 118)  # the image is blended with the fill
    chosen = known & ~edge
    assert chosen.mean() > 0.5
    image = results["img"].astype(float)
    for found, label in ((image[..., 1], row), (image[..., 0], col)):
        assert np.abs(found - label)[chosen].max() <= 1.05  # half a pixel, and rounding
        assert abs((found - label)[chosen].mean()) < 0.1


def test_rotate__brute_force_of_the_nearest_pixel():
    source = place_maps(40, 50)
    results = copied(source)
    degrees = 13.0
    rotate_maps(results, degrees)
    rows, cols = np.mgrid[:40, :50]
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    x, y = cols - 24.5, 19.5 - rows  # from the centre, y up
    old_cols = cos * x + sin * y + 24.5
    old_rows = 19.5 - (-sin * x + cos * y)
    near = [np.rint(old).astype(int) for old in (old_rows, old_cols)]
    clear = np.ones_like(rows, bool)
    for old in (old_rows, old_cols):
        clear &= np.abs(old - np.floor(old) - 0.5) > 0.01  # OpenCV counts in 1/32 or finer
    inside = (near[0] >= 0) & (near[0] < 40) & (near[1] >= 0) & (near[1] < 50)
    expected = np.where(
        inside, source["gt_depth"][np.clip(near[0], 0, 39), np.clip(near[1], 0, 49)], 0
    )
    assert clear.mean() > 0.9
    np.testing.assert_array_equal(results["gt_depth"][clear], expected[clear])


def test_rotate__corners_are_filled_as_unknown():
    results = place_maps(40, 40)
    rotate_maps(results, 45)
    for key, fill in LABEL_FILL.items():
        assert (results[key][0, 0] == fill).all(), key
    assert tuple(results["img"][0, 0]) == IMAGE_FILL


def test_rotate__keeps_the_length_of_normals():
    results = place_maps(40, 40)
    rotate_maps(results, 33)
    known = results["gt_depth"] > 0
    length = np.linalg.norm(results["gt_normals"], axis=-1)
    np.testing.assert_allclose(length[known], 1, atol=1e-5)
    assert not length[~known].any()


def test_random__angles_lie_within_and_half_are_turned(monkeypatch):
    angles = []
    monkeypatch.setattr(
        "argus.datasets.transforms.joint_rotate.rotate_maps",
        lambda results, degrees: angles.append(degrees),
    )
    with isolated_rng(0):
        for _ in range(400):
            JointRandomRotate(2.5, prob=0.5)({})
    assert 160 < len(angles) < 240
    assert -2.5 <= min(angles) < -2.3 and 2.3 < max(angles) <= 2.5


def test_random__never():
    source = place_maps(20, 30)
    assert_maps_equal(JointRandomRotate(30, prob=0.0)(copied(source)), source)
