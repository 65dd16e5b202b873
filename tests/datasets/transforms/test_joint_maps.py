import numpy as np
import pytest

from argus.datasets.seeding import isolated_rng
from argus.datasets.transforms import (
    JointCrop,
    JointRandomCrop,
    JointRandomFlip,
    JointRandomResize,
    JointRandomRotate,
    JointResize,
)
from argus.datasets.transforms.joint_maps import LABEL_FILL
from argus.errors import DataError
from tests.datasets.transforms.maps import assert_maps_equal, copied, place_maps

JOINT = [
    JointResize((23, 17)),
    JointResize(short_side=20, multiple=8),
    JointRandomResize((0.5, 2.0), divide_depth=True),
    JointCrop(rows=(3, 17), cols=(5, 20)),
    JointRandomCrop((40, 16), cat_max_ratio=0.75),
    JointRandomFlip(1.0),
    JointRandomRotate(30, prob=1.0),
]
joint_transforms = pytest.mark.parametrize("transform", JOINT, ids=lambda t: type(t).__name__)


def run(transform, results, seed=0):
    with isolated_rng(seed):
        return transform(copied(results))


@joint_transforms
def test_joint__labels_and_image_have_one_size_and_keep_their_type(transform):
    source = place_maps(24, 30)
    results = run(transform, source)
    for key in ("img", *LABEL_FILL):
        assert results[key].shape[:2] == results["img_shape"]
        assert results[key].shape[2:] == source[key].shape[2:]
        assert results[key].dtype == source[key].dtype
        assert results[key].flags.c_contiguous
    assert results["ori_shape"] == (24, 30)


@joint_transforms
@pytest.mark.parametrize("kept", [(), ("gt_depth",), ("gt_normals", "gt_saliency")])
def test_joint__absent_labels_stay_absent_and_change_nothing_else(transform, kept):
    source = place_maps(24, 30)
    source["gt_seg_map"][:] = np.arange(30) % 7  # mixed wherever it is cropped
    everything = run(transform, source)
    some = {key: value for key, value in source.items() if key not in LABEL_FILL or key in kept}
    results = run(transform, some)
    assert set(results) & set(LABEL_FILL) == set(kept)
    for key in ("img", *kept):
        np.testing.assert_array_equal(results[key], everything[key])


@joint_transforms
def test_joint__same_seed_same_result_and_input_arrays_are_not_written_to(transform):
    source = place_maps(24, 30)
    untouched = copied(source)
    with isolated_rng(5):
        first = transform(dict(source))
    assert_maps_equal(source, untouched)
    second = run(transform, source, seed=5)
    assert_maps_equal(first, second)


@joint_transforms
def test_joint__label_map_of_16_bits(transform):
    source = place_maps(24, 30)
    narrow = run(transform, source)["gt_seg_map"]
    source["gt_seg_map"] = source["gt_seg_map"].astype(np.uint16) + 300
    wide = run(transform, source)["gt_seg_map"]
    assert wide.dtype == np.uint16
    np.testing.assert_array_equal(np.where(wide == 255, wide, wide - 300), narrow)


def test_joint__random_ones_differ_between_seeds():
    source = place_maps(60, 60)
    for transform in (
        JointRandomResize((0.5, 2.0)),
        JointRandomCrop((20, 20)),
        JointRandomFlip(0.5),
        JointRandomRotate(30, prob=1.0),
    ):
        pictures = {run(transform, source, seed)["img"].tobytes() for seed in range(8)}
        assert len(pictures) > 1


@joint_transforms
def test_joint__label_of_another_size_raises(transform):
    results = place_maps(24, 30)
    results["gt_depth"] = results["gt_depth"][:, :-1]
    with pytest.raises(DataError, match=r"a\.png: gt_depth is 29x24 .*its image 30x24"):
        run(transform, results)
