import numpy as np

from argus.datasets.seeding import isolated_rng
from argus.datasets.transforms import JointRandomFlip
from argus.datasets.transforms.joint_flip import flip_maps
from tests.datasets.transforms.maps import assert_maps_equal, copied, expected_labels, place_maps


def test_flip__every_map_is_mirrored_and_normals_point_the_other_way():
    source = place_maps(20, 31)
    results = copied(source)
    flip_maps(results)
    np.testing.assert_array_equal(results["img"], source["img"][:, ::-1])
    rows, cols = np.mgrid[:20, 30:-1:-1]
    for key, expected in expected_labels(source, rows, cols).items():
        if key == "gt_normals":
            expected = expected * np.array([-1, 1, 1], np.float32)
        np.testing.assert_array_equal(results[key], expected, err_msg=key)


def test_flip__twice_is_the_identity():
    source = place_maps(20, 30)
    results = copied(source)
    flip_maps(results)
    flip_maps(results)
    assert_maps_equal(results, source)


def test_flip__unknown_normals_stay_plus_zero():
    results = dict(img=np.zeros((2, 2, 3), np.uint8), gt_normals=np.zeros((2, 2, 3), np.float32))
    flip_maps(results)
    assert not np.signbit(results["gt_normals"]).any()


def test_random__records_what_it_did():
    source = place_maps(20, 30)
    done = []
    for seed in range(200):
        with isolated_rng(seed):
            results = JointRandomFlip(0.5)(copied(source))
        flipped = not np.array_equal(results["img"], source["img"])
        assert results["flip"] is flipped
        assert results["flip_direction"] == ("horizontal" if flipped else None)
        done.append(flipped)
    assert 70 < sum(done) < 130


def test_random__never_and_always():
    source = place_maps(20, 30)
    assert_maps_equal(JointRandomFlip(0.0)(copied(source)), source)
    assert JointRandomFlip(1.0)(copied(source))["flip"]
