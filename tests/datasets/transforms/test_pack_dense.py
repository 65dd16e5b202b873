import numpy as np
import pytest
import torch
from mmseg.datasets.transforms import PackSegInputs

from argus.datasets.transforms import JointRandomFlip, PackDense, PackTasks
from argus.errors import ConfigError, DataError
from argus.structures import DenseSample
from tests.datasets.transforms.maps import place_maps

CHANNELS = dict(depth=1, normals=3, boundary=1, saliency=1, anomaly_map=1)


def test_pack__fields_have_channels_first():
    results = place_maps(20, 30)
    packed = PackDense(tuple(CHANNELS))(results)
    assert packed["inputs"].shape == (3, 20, 30) and packed["inputs"].dtype == torch.uint8
    np.testing.assert_array_equal(packed["inputs"].permute(1, 2, 0).numpy(), results["img"])
    sample = packed["data_samples"]
    assert isinstance(sample, DenseSample)
    for field, channels in CHANNELS.items():
        data = sample.get(f"gt_{field}").data
        labels = results[f"gt_{field}"]
        assert data.shape == (channels, 20, 30)
        assert data.numpy().dtype == labels.dtype
        np.testing.assert_array_equal(data.permute(1, 2, 0).squeeze(-1).numpy(), labels)


def test_pack__only_the_fields_asked_for_and_only_where_present():
    results = place_maps(20, 30)
    del results["gt_depth"]
    results["gt_normals"] = None
    sample = PackDense(("depth", "normals", "boundary"))(results)["data_samples"]
    assert set(sample.keys()) == {"gt_boundary"}
    assert set(PackDense()(results)["data_samples"].keys()) == set()


def test_pack__meta_and_anomaly():
    results = JointRandomFlip(1.0)(place_maps(20, 30))
    results.update(category="screw", gt_anomaly=1, scale_factor=(2.0, 1.0), secret=3)
    sample = PackDense(("anomaly_map",))(results)["data_samples"]
    assert sample.gt_anomaly == 1
    assert sample.metainfo == dict(
        img_path="a.png",
        ori_shape=(20, 30),
        img_shape=(20, 30),
        scale_factor=(2.0, 1.0),
        flip=True,
        flip_direction="horizontal",
        category="screw",
    )
    assert PackDense(meta_keys=("secret",))(results)["data_samples"].metainfo == dict(secret=3)


def test_pack__label_of_the_original_size_is_for_evaluation():
    results = place_maps(20, 30)
    results["img"] = results["img"][::2, ::2]
    data = PackDense(("depth",))(results)["data_samples"].gt_depth.data
    assert data.shape == (1, 20, 30)


def test_pack__label_of_a_third_size_raises():
    results = place_maps(20, 30)
    results["img"] = results["img"][:10]
    results["gt_depth"] = results["gt_depth"][:15]
    with pytest.raises(DataError, match=r"a\.png: gt_depth is 30x15 .*the image 30x10"):
        PackDense(("depth",))(results)


@pytest.mark.parametrize("fields", [("depths",), "depth", ("depth", "semantic")])
def test_pack__unknown_field_raises(fields):
    with pytest.raises(ConfigError, match="expected some of"):
        PackDense(fields)


def test_pack__several_tasks_of_one_image():
    packer = PackTasks(
        packers=dict(
            semantic=dict(type=PackSegInputs),
            boundary=dict(type=PackDense, fields=("boundary",)),
            normals=dict(type=PackDense, fields=("normals",)),
        ),
        needs=dict(semantic=["gt_seg_map"], boundary=["gt_boundary"], normals=["gt_normals"]),
    )
    results = place_maps(20, 30)
    del results["gt_normals"]
    samples = packer(results)["data_samples"]
    assert set(samples) == {"semantic", "boundary"}
    assert samples["semantic"].gt_sem_seg.data.shape == (1, 20, 30)
    assert set(samples["boundary"].keys()) == {"gt_boundary"}
