"""Change size and angle of a person's box, as training of top-down poses does.

Source: the published code of "ViTPose" (Xu et al., NeurIPS 2022), which is that of mmpose 0.x.
mmpose 1.x draws both from a normal distribution truncated at one standard deviation instead: sizes
then vary by 0.27, not 0.36.
"""

from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform

from argus.registry import TRANSFORMS


@TRANSFORMS.register_module()
class BoxJitter(BaseTransform):
    """Scale and turn the box by normal numbers; what lies beyond the bounds is set to them.

    The scale is ``clip(1 + scale * n, 1 - scale, 1 + scale)``, so 32 % of the boxes lie at a bound
    and the deviation is 0.72 ``scale``. The angle is ``clip(degrees * n, -2 degrees, 2 degrees)``
    with a probability, else 0.

    Changes ``bbox_scale`` and sets ``bbox_rotation``, each with a row per box; put it after
    ``GetBBoxCenterScale``.

    Args:
        scale: Bound of the change of size, in [0, 1).
        degrees: Standard deviation of the angle, half its bound.
        rotate_prob: Probability of an angle.
    """

    def __init__(self, *, scale: float, degrees: float, rotate_prob: float) -> None:
        assert 0 <= scale < 1 and degrees >= 0 and 0 <= rotate_prob <= 1
        self.scale = scale
        self.degrees = degrees
        self.rotate_prob = rotate_prob

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Draw for each box."""
        count = len(results["bbox_scale"])
        size, turn = np.random.randn(2, count).astype(np.float32)
        factor = 1 + self.scale * size.clip(-1, 1)
        turns = np.random.rand(count) < self.rotate_prob
        results["bbox_scale"] = results["bbox_scale"] * factor[:, None]
        results["bbox_rotation"] = np.where(turns, self.degrees * turn.clip(-2, 2), 0.0)
        return results

    def __repr__(self) -> str:
        return f"{type(self).__name__}(scale={self.scale}, degrees={self.degrees})"
