import numpy as np
import pytest

from argus.mtv.evaluation.depth.affine_alignment import MODES, aligned_errors, fit_scale_shift

LIMITS = dict(min_depth=0.1, max_depth=10.0)


@pytest.fixture
def depth():
    return np.random.default_rng(0).uniform(0.5, 9.0, 500)


def test_fit_scale_shift__least_squares_of_numpy(depth):
    prediction = np.random.default_rng(1).normal(size=500).astype(np.float32)
    matrix = np.stack([prediction, np.ones(500)], 1)
    expected = np.linalg.lstsq(matrix, depth, rcond=None)[0]
    np.testing.assert_allclose(fit_scale_shift(prediction, depth), expected, rtol=1e-6)


def test_fit_scale_shift__a_flat_prediction_is_the_mean(depth):
    for value in (0.0, 3.3):
        assert fit_scale_shift(np.full(500, value, np.float32), depth) == (0.0, depth.mean())


@pytest.mark.parametrize("mode", MODES)
def test_aligned_errors__any_scale_and_shift_of_the_truth_is_perfect(mode, depth):
    truth = depth if mode == "depth" else 1 / depth
    for scale, shift in ((1, 0), (250.0, 12.0), (0.01, -5.0), (-2.0, 1.0)):
        found = aligned_errors(scale * truth + shift, depth, mode=mode, **LIMITS)
        assert found == pytest.approx(dict(abs_rel=0, delta1=1), abs=1e-9)


def test_aligned_errors__modes_measure_what_they_say(depth):
    prediction = 1 / depth + np.random.default_rng(1).normal(scale=0.05, size=500)
    s, t = np.polyfit(prediction, 1 / depth, 1)
    disparity = (s * prediction + t).clip(1 / 10, 1 / 0.1)
    s, t = np.polyfit(prediction, depth, 1)
    direct = (s * prediction + t).clip(0.1, 10)
    expected = dict(
        disparity=np.abs(disparity * depth - 1).mean(),
        depth_from_disparity=np.abs(1 / disparity / depth - 1).mean(),
        depth=np.abs(direct / depth - 1).mean(),
    )
    found = {mode: aligned_errors(prediction, depth, mode=mode, **LIMITS) for mode in MODES}
    assert {mode: errors["abs_rel"] for mode, errors in found.items()} == pytest.approx(expected)
    assert len({round(value, 3) for value in expected.values()}) == 3


def test_aligned_errors__what_the_fit_takes_below_zero_is_as_far_as_depth_goes():
    depth = np.array([1.0, 1.0, 9.0, 9.0])
    prediction = np.array([1.0, 1.0, 0.5, -0.5])
    found = aligned_errors(prediction, depth, mode="depth_from_disparity", **LIMITS)
    s, t = np.polyfit(prediction, 1 / depth, 1)
    fitted = s * prediction + t
    assert fitted[3] < 0
    expected = (1 / fitted[:3]).clip(0.1, 10).tolist() + [10.0]
    assert found["abs_rel"] == pytest.approx(np.mean(np.abs(expected / depth - 1)))
