import numpy as np
import pytest
from mmpose.datasets.transforms import RandomBBoxTransform

from argus.datasets.seeding import isolated_rng
from argus.datasets.transforms import BoxJitter

COUNT = 40_000


def draw(transform) -> tuple[np.ndarray, np.ndarray]:
    """Factors of the size and angles of many boxes."""
    sizes = np.tile(np.array([[2.0, 3.0]], np.float32), (COUNT, 1))
    centres = np.zeros((COUNT, 2), np.float32)
    with isolated_rng(0):
        results = transform(dict(bbox_scale=sizes.copy(), bbox_center=centres))
    factors = results["bbox_scale"] / sizes
    assert np.allclose(factors[:, 0], factors[:, 1])  # the aspect stays
    assert np.array_equal(results["bbox_center"], centres)
    return factors[:, 0], results["bbox_rotation"]


def test_box_jitter__is_a_clipped_normal_and_mmposes_a_truncated_one() -> None:
    factors, angles = draw(BoxJitter(scale=0.5, degrees=40.0, rotate_prob=0.6))
    # The deviation of a normal number that is set to +-1 beyond +-1 is 0.718.
    assert factors.std() == pytest.approx(0.5 * 0.718, abs=0.005)
    assert np.isclose(np.abs(factors - 1), 0.5).mean() == pytest.approx(0.317, abs=0.01)
    assert factors.min() == pytest.approx(0.5) and factors.max() == pytest.approx(1.5)
    turned = angles[angles != 0]
    assert len(turned) / COUNT == pytest.approx(0.6, abs=0.01)
    assert turned.std() == pytest.approx(40 * 0.9594, abs=0.6)  # set to +-2 beyond +-2
    assert np.isclose(np.abs(turned), 80).mean() == pytest.approx(0.0455, abs=0.005)

    stock = RandomBBoxTransform(shift_prob=0.0, scale_factor=(0.5, 1.5), rotate_factor=80.0)
    factors, _ = draw(stock)
    assert factors.std() == pytest.approx(0.27, abs=0.005)


def test_box_jitter__without_bounds_changes_nothing() -> None:
    factors, angles = draw(BoxJitter(scale=0.0, degrees=40.0, rotate_prob=0.0))
    assert (factors == 1).all() and (angles == 0).all()
