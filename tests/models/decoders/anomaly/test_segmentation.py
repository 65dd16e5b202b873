"""DRAEM's head: focal loss and score."""

import numpy as np
import pytest
import torch
from mmengine.structures import PixelData

from argus.models.decoders.anomaly import DRAEMHead
from argus.structures import DenseSample


def head(**changes) -> DRAEMHead:
    torch.manual_seed(0)
    return DRAEMHead(**(dict(in_channels=[4] * 4, channels=8, score_window=5) | changes))


def make_maps(batch: int = 2, size: int = 16) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(batch, 4, size >> i, size >> i, generator=generator) for i in range(4)]


def samples(masks: torch.Tensor) -> list[DenseSample]:
    return [DenseSample(gt_anomaly_map=PixelData(data=mask[None])) for mask in masks]


@pytest.mark.parametrize("gamma", [0.0, 2.0])
def test_loss__is_the_focal_loss_of_a_softmax_over_two_classes(gamma):
    model, maps = head(gamma=gamma), make_maps()
    masks = (torch.rand(2, 64, 64) < 0.3).to(torch.uint8)
    found = model.loss(maps, samples(masks))["loss_focal"].item()
    logit = model._logits(maps).detach().double().numpy()
    # Two classes whose logits differ by ours; the probability of the true one.
    two = np.stack([-0.5 * logit, 0.5 * logit], axis=-1)
    softmax = np.exp(two) / np.exp(two).sum(-1, keepdims=True)
    true = np.take_along_axis(softmax, masks.numpy().astype(int)[..., None], -1)
    assert found == pytest.approx((-((1 - true) ** gamma) * np.log(true)).mean(), rel=1e-4)


def test_predict__score_is_the_greatest_mean_of_a_window():
    model = head().eval()
    with torch.no_grad():
        scores, probability = model.predict(make_maps())
    assert probability.shape == (2, 64, 64)
    assert 0 <= probability.min() and probability.max() <= 1
    padded = np.pad(probability.numpy(), ((0, 0), (2, 2), (2, 2)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (5, 5), axis=(1, 2))
    np.testing.assert_allclose(scores, windows.mean(axis=(3, 4)).max(axis=(1, 2)), rtol=1e-5)


def test_predict__does_not_mix_the_samples():
    model, maps = head(norm_cfg=dict(type="GN", num_groups=2)).eval(), make_maps()
    with torch.no_grad():
        together = model.predict(maps)[1]
        alone = model.predict([feature_map[1:] for feature_map in maps])[1]
    torch.testing.assert_close(together[1:], alone)
