"""Labels that only some of the views keep."""

from typing import Any

import numpy as np
import pytest

from argus.datasets.seeding import isolated_rng
from argus.errors import ConfigError
from argus.mtv.data.label_shares import LabelShares


def kept(transform: LabelShares, number: int = 2_000) -> dict[str, np.ndarray]:
    """Whether each of as many pictures kept its labels."""
    with isolated_rng(0):
        views = [transform(dict(img=0, regions=1, disparity=2)) for _ in range(number)]
    assert all(view["img"] == 0 for view in views)
    return {key: np.array([key in view for view in views]) for key in ("regions", "disparity")}


def test_shares__are_kept_each_by_itself() -> None:
    found = kept(LabelShares(regions=0.7, depth=0.4))
    assert abs(found["regions"].mean() - 0.7) < 0.04 > abs(found["disparity"].mean() - 0.4)
    both = (found["regions"] & found["disparity"]).mean()
    assert abs(both - 0.28) < 0.04
    np.testing.assert_array_equal(kept(LabelShares(depth=0.4))["disparity"], found["disparity"])


def test_shares__of_one_keep_everything_and_need_nothing() -> None:
    assert all(value.all() for value in kept(LabelShares()).values())
    assert LabelShares(regions=0.1, depth=0.1)(dict(img=0)) == dict(img=0)


@pytest.mark.parametrize("share", [0.0, -0.1, 1.2])
@pytest.mark.parametrize("key", ["regions", "depth"])
def test_shares__outside_of_their_range_are_refused(key: str, share: float) -> None:
    options: dict[str, Any] = {key: share}
    with pytest.raises(ConfigError, match=rf"{key}: expected a share in \(0, 1\]"):
        LabelShares(**options)
