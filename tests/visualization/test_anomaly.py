"""Pictures of anomalies: heat, outline of the defect, and ranges that can be compared."""

import numpy as np
import pytest

from argus.visualization import render
from argus.visualization.anomaly import (
    BACKGROUND_BRIGHTNESS,
    MAX_OPACITY,
    OUTLINE,
    score_range,
    share_score_range,
)
from argus.visualization.colormap import color_table
from argus.visualization.palette import BLUE, VERMILION

from . import dense_samples as toy
from .samples import GREY_LEVEL, SIZE, grey_image

INFERNO = color_table("inferno")
BACKGROUND = GREY_LEVEL * BACKGROUND_BRIGHTNESS


def draw(sample, source="pred") -> np.ndarray:
    return render(grey_image(), sample, classes=(), source=source)


def count(picture: np.ndarray, color) -> int:
    return int((picture == np.array(color)).all(-1).sum())


def test_anomaly__heat_is_opaque_where_the_score_is_high():
    picture = draw(toy.anomaly_sample())
    hot = INFERNO[255] * MAX_OPACITY + BACKGROUND * (1 - MAX_OPACITY)
    assert np.abs(picture[310:390, 210:390] - hot).max() <= 1
    assert (picture[:250] == round(BACKGROUND)).all()


def test_anomaly__half_the_score_is_half_as_opaque():
    sample = toy.anomaly_sample(scale=0.5)
    picture = draw(sample)
    opacity = MAX_OPACITY / 2
    expected = INFERNO[128] * opacity + BACKGROUND * (1 - opacity)
    assert np.abs(picture[310:390, 210:390] - expected).max() <= 1


@pytest.mark.parametrize("source", ["gt", "pred"])
def test_anomaly__true_defect_is_outlined(source):
    picture = draw(toy.anomaly_sample(), source)
    assert count(picture[297:300, 210:390], OUTLINE) > 100
    # Outside of the defect: the image is seen in it.
    assert count(picture[300:400, 200:400], OUTLINE) == 0
    if source == "gt":
        assert (picture[300:400, 200:400] == GREY_LEVEL).all()


@pytest.mark.parametrize(("label", "color"), [(1, VERMILION), (0, BLUE)])
def test_anomaly__truth_says_good_or_defective(label, color):
    sample = toy.anomaly_sample()
    sample.gt_anomaly = label
    sample.gt_anomaly_map.data *= label
    other = BLUE if label else VERMILION
    panel = draw(sample, "gt")[SIZE[0] :]
    assert count(panel, color) > 50 and count(panel, other) == 0
    del sample.gt_anomaly
    assert np.array_equal(draw(sample, "gt")[SIZE[0] :], panel)


def test_anomaly__good_image_without_a_mask_is_drawn():
    sample = toy.anomaly_sample(scale=0.1)
    del sample.gt_anomaly_map
    sample.gt_anomaly = 0
    assert count(draw(sample, "gt"), BLUE) > 50
    assert count(draw(sample), OUTLINE) == 0


def test_score_range__is_that_of_probabilities_or_of_the_image():
    assert score_range(toy.anomaly_sample(scale=0.2)) == (0, 1)
    assert score_range(toy.anomaly_sample(scale=4)) == (0, 4)
    # Half of the pixels are at -3 and show the image, those below as well.
    signed = toy.anomaly_sample(scale=4)
    signed.pred_anomaly_map.data[:, 400:] = -3
    signed.pred_anomaly_map.data[:, :100] = -9
    signed.pred_anomaly_map.data[:, 100:300] = -3
    assert score_range(signed) == (-3, 4)
    assert np.array_equal(draw(signed)[:280], draw(toy.anomaly_sample())[:280])
    constant = toy.anomaly_sample(scale=4)
    constant.pred_anomaly_map.data[:] = 4
    low, high = score_range(constant)
    assert low < 4 < high


def test_share_score_range__is_one_per_category():
    samples = [
        toy.anomaly_sample(scale=scale, category=category)
        for scale, category in ((2, "nut"), (8, "nut"), (0.1, "bolt"))
    ]
    share_score_range(samples)
    assert [score_range(sample) for sample in samples] == [(0, 8), (0, 8), pytest.approx((0, 0.1))]
    # The defect that was hottest by itself is a quarter as hot beside the other.
    hottest = draw(samples[0])[350, 300].astype(int)
    opacity = MAX_OPACITY / 4
    assert np.abs(hottest - (INFERNO[64] * opacity + BACKGROUND * (1 - opacity))).max() <= 1


def test_share_score_range__leaves_other_samples_alone():
    sample = toy.depth_sample()
    share_score_range([sample])
    assert "score_range" not in sample.metainfo
