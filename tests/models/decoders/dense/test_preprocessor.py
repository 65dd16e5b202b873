"""Padding of images and labels, and equality with mmseg's preprocessor."""

import numpy as np
import pytest
import torch
from mmengine.structures import PixelData
from mmseg.models import SegDataPreProcessor
from mmseg.structures import SegDataSample

from argus.errors import ConfigError, DataError
from argus.models.decoders import DensePreprocessor
from tests.models.decoders.dense.toys import batch, images, sample

DINO = dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], bgr_to_rgb=True)


def seg_batch(*sizes: tuple[int, int]) -> dict:
    samples = []
    for size in sizes:
        label = SegDataSample(metainfo=dict(img_shape=size, ori_shape=size))
        label.gt_sem_seg = PixelData(data=torch.zeros(1, *size, dtype=torch.long))
        samples.append(label)
    return dict(inputs=images(*sizes), data_samples=samples)


@pytest.mark.parametrize("padding", [dict(size=(96, 64)), dict(size_divisor=32)])
@pytest.mark.parametrize("pad_val", [0, 0.5])
@pytest.mark.parametrize("training", [True, False])
def test_preprocessor__images_are_those_of_mmseg(padding, pad_val, training):
    sizes = [(60, 50), (60, 50)] if not training else [(60, 50), (33, 64)]
    ours = DensePreprocessor(**DINO, **padding, pad_val=pad_val, test_cfg=padding)
    theirs = SegDataPreProcessor(**DINO, **padding, pad_val=pad_val, test_cfg=padding)
    found = ours(batch(*sizes), training)["inputs"]
    expected = theirs(seg_batch(*sizes), training)["inputs"]
    assert torch.equal(found, expected)


def test_preprocessor__equals_numpy():
    image = images((40, 33))[0]
    found = DensePreprocessor(**DINO)(dict(inputs=[image], data_samples=None))["inputs"][0]
    rgb = image.numpy()[::-1].transpose(1, 2, 0).astype(np.float64)
    expected = np.zeros((64, 64, 3))
    expected[:40, :33] = (rgb - DINO["mean"]) / DINO["std"]
    np.testing.assert_allclose(found.permute(1, 2, 0).numpy(), expected, atol=1e-5)


def test_preprocessor__labels_are_padded_as_unknown():
    data = batch((60, 50), (33, 64))
    data["data_samples"][0].gt_anomaly_map = PixelData(data=torch.ones(1, 60, 50))
    result = DensePreprocessor(**DINO, size=(96, 96))(data, True)
    assert result["inputs"].shape == (2, 3, 96, 96)
    for before, after, (height, width) in zip(
        data["data_samples"], result["data_samples"], [(60, 50), (33, 64)], strict=True
    ):
        assert after.img_shape == (height, width)
        assert after.pad_shape == after.batch_input_shape == (96, 96)
        for name, fill in dict(gt_depth=0, gt_normals=0, gt_boundary=255, gt_saliency=255).items():
            label, original = after.get(name).data, before.get(name).data
            assert label.dtype == original.dtype
            assert torch.equal(label[:, :height, :width], original)
            assert (label[:, height:] == fill).all() and (label[:, :, width:] == fill).all()
            # The batch that came in is not changed.
            assert original.shape[-2:] == (height, width)
    defects = result["data_samples"][0].gt_anomaly_map.data
    assert defects.shape == (1, 96, 96) and defects.sum() == 60 * 50


def test_preprocessor__labels_for_evaluation_keep_the_original_size():
    data = dict(inputs=images((60, 50)), data_samples=[sample((120, 100))])
    result = DensePreprocessor(**DINO)(data, False)
    assert result["inputs"].shape == (1, 3, 64, 64)
    label = result["data_samples"][0]
    assert label.gt_depth.data.shape == (1, 120, 100)
    assert (label.img_shape, label.pad_shape) == ((60, 50), (64, 64))


@pytest.mark.parametrize(
    ("test_cfg", "sizes", "expected"),
    [
        (None, [(60, 50), (33, 64)], (64, 64)),
        (dict(size=(64, 96)), [(60, 50)], (64, 96)),
        (dict(size=(64, 96)), [(60, 100)], (64, 128)),
        (dict(size_divisor=64), [(65, 50)], (128, 64)),
    ],
)
def test_preprocessor__sizes_outside_training(test_cfg, sizes, expected):
    preprocessor = DensePreprocessor(**DINO, size=(32, 32), test_cfg=test_cfg)
    assert preprocessor(batch(*sizes), False)["inputs"].shape[-2:] == expected


def test_preprocessor__training_image_beyond_the_size_is_refused():
    with pytest.raises(DataError, match=r"70x50 .*size=\(64, 64\)"):
        DensePreprocessor(**DINO, size=(64, 64))(batch((70, 50)), True)


def test_preprocessor__label_of_another_size_is_refused():
    data = dict(inputs=images((60, 50)), data_samples=[sample((50, 60))])
    with pytest.raises(DataError, match="0.png: gt_depth is 50x60 .* 60x50"):
        DensePreprocessor(**DINO)(data, True)


def test_preprocessor__image_without_three_channels_is_refused():
    with pytest.raises(DataError, match=r"\(3, H, W\), found \(1, 8, 8\)"):
        DensePreprocessor(**DINO)(dict(inputs=[torch.zeros(1, 8, 8)], data_samples=None))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (dict(size=(60, 64)), r"size=\(60, 64\) .* multiple of size_divisor=32"),
        (dict(test_cfg=dict(size=(64, 60))), r"test_cfg.size=\(64, 60\)"),
        (dict(test_cfg=dict(pad=3)), r"unknown keys \['pad'\]"),
    ],
)
def test_preprocessor__bad_settings_are_refused(settings, message):
    with pytest.raises(ConfigError, match=message):
        DensePreprocessor(**DINO, **settings)
