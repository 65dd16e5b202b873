import numpy as np
import pytest
from mmseg.datasets.transforms import RandomCrop

from argus.datasets.seeding import isolated_rng
from argus.datasets.transforms import JointCrop, JointRandomCrop
from argus.datasets.transforms.joint_maps import IMAGE_FILL, LABEL_FILL
from argus.errors import ConfigError, DataError
from tests.datasets.transforms.maps import copied, expected_labels, place_maps


def assert_cut_out(results, source, top, left):
    """Every map of ``results`` is the part of ``source`` that begins at this place."""
    height, width = results["img_shape"]
    rows, cols = np.mgrid[top : top + height, left : left + width]
    for key, expected in expected_labels(source, rows, cols).items():
        np.testing.assert_array_equal(results[key], expected, err_msg=key)
    inside = (rows < source["img"].shape[0]) & (cols < source["img"].shape[1])
    np.testing.assert_array_equal(results["img"][inside][:, 0], cols[inside])
    np.testing.assert_array_equal(results["img"][inside][:, 1], rows[inside])
    assert (results["img"][~inside] == IMAGE_FILL).all()


def test_crop__is_the_box():
    source = place_maps(60, 80)
    results = JointCrop(rows=(5, 42), cols=(43, 80))(copied(source))
    assert results["img_shape"] == (37, 37)
    assert_cut_out(results, source, 5, 43)


def test_crop__nyu_box_has_427_by_565():
    results = JointCrop(rows=(45, 472), cols=(43, 608))(
        dict(img=np.zeros((480, 640, 3), np.uint8), gt_depth=np.zeros((480, 640), np.float32))
    )
    assert results["img_shape"] == results["gt_depth"].shape == (427, 565)


def test_crop__smaller_image_raises():
    with pytest.raises(DataError, match=r"a\.png: the image is 50x40 .*needs 60x40"):
        JointCrop(rows=(0, 40), cols=(5, 60))(place_maps(40, 50))


@pytest.mark.parametrize("rows", [(5, 5), (7, 5), (-1, 5), (5,)])
def test_crop__empty_box_raises(rows):
    with pytest.raises(ConfigError, match=r"JointCrop\.rows"):
        JointCrop(rows=rows, cols=(0, 5))


@pytest.mark.parametrize("shape", [(60, 80), (60, 20), (20, 80), (20, 30), (32, 48)])
def test_random__all_maps_are_cut_at_one_place_and_filled_below_and_right(shape):
    source = place_maps(*shape)
    places = set()
    for seed in range(12):
        with isolated_rng(seed):
            results = JointRandomCrop((32, 48))(copied(source))
        assert results["img_shape"] == (32, 48)
        left, top = (int(value) for value in results["img"][0, 0, :2])
        assert top <= max(shape[0] - 32, 0) and left <= max(shape[1] - 48, 0)
        assert_cut_out(results, source, top, left)
        places.add((top, left))
    assert (len(places) > 1) == (shape[0] > 32 or shape[1] > 48)


def test_random__fill_values_are_unknown():
    results = JointRandomCrop((40, 40))(place_maps(20, 30))
    corner = {key: results[key][-1, -1].tolist() for key in LABEL_FILL}
    assert corner == dict(
        gt_seg_map=255,
        gt_depth=0,
        gt_normals=[0, 0, 0],
        gt_boundary=255,
        gt_saliency=255,
        gt_anomaly_map=0,
    )


def test_random__every_place_occurs():
    source = place_maps(12, 11)
    places = set()
    for seed in range(300):
        with isolated_rng(seed):
            image = JointRandomCrop((10, 10))(dict(img=source["img"]))["img"]
        places.add(tuple(image[0, 0, :2].tolist()))
    assert places == {(left, top) for left in range(2) for top in range(3)}


@pytest.mark.parametrize("ratio", [0.5, 0.75, 1.0])
def test_random__cap_of_one_class_as_mmseg(ratio):
    rng = np.random.default_rng(3)
    labels = np.repeat(np.repeat(rng.integers(0, 3, (4, 5)), 16, 0), 16, 1).astype(np.uint8)
    labels[rng.random(labels.shape) < 0.2] = 255
    image = place_maps(*labels.shape)["img"]
    for seed in range(40):
        maps = dict(img=image, gt_seg_map=labels)
        with isolated_rng(seed):
            expected = RandomCrop((24, 24), cat_max_ratio=ratio)(maps | dict(seg_fields=[]))
        with isolated_rng(seed):
            results = JointRandomCrop((24, 24), cat_max_ratio=None if ratio == 1 else ratio)(
                dict(maps)
            )
        np.testing.assert_array_equal(results["img"], expected["img"])


def test_random__cap_is_kept_where_it_can_be_and_gives_up_where_not():
    source = place_maps(64, 200)
    source["gt_seg_map"][:] = 0
    source["gt_seg_map"][:, 100:] = 1
    shares = []
    for seed in range(60):
        with isolated_rng(seed):
            results = JointRandomCrop((64, 64), cat_max_ratio=0.75)(copied(source))
        shares.append(np.bincount(results["gt_seg_map"].ravel()).max() / 64**2)
    assert np.mean(np.array(shares) < 0.75) > 0.9  # of 137 places 32 are mixed enough
    source["gt_seg_map"][:] = 255
    assert JointRandomCrop((64, 64), cat_max_ratio=0.75)(source)["img_shape"] == (64, 64)


@pytest.mark.parametrize("options", [dict(size=5), dict(size=(0, 5)), dict(size=(5,))])
def test_random__wrong_size_raises(options):
    with pytest.raises(ConfigError, match=r"JointRandomCrop\.size"):
        JointRandomCrop(**options)


def test_random__wrong_share_raises():
    with pytest.raises(ConfigError, match="cat_max_ratio=75"):
        JointRandomCrop((4, 4), cat_max_ratio=75)
