"""Labels of some of the views, for tasks that would cost more than they teach."""

from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform

from argus.errors import ConfigError
from argus.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LabelShares(BaseTransform):
    """Forget the regions or the depth of a picture, drawn anew each time; before the view.

    A label that is forgotten was read, but is not cropped, and no decoder runs for it: a step costs
    less, and each task's loss stays a mean over the pictures that have its label.

    Args:
        regions: Share of the views that keep their regions.
        depth: Share that keeps its depth.

    Raises:
        ConfigError: A share is not in (0, 1].
    """

    def __init__(self, *, regions: float = 1.0, depth: float = 1.0) -> None:
        self.shares = dict(regions=regions, disparity=depth)
        for key, share in (("regions", regions), ("depth", depth)):
            if not 0 < share <= 1:
                raise ConfigError(
                    f"LabelShares.{key}: expected a share in (0, 1], found {share!r}. To train "
                    "without, leave the task out."
                )

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Forget them: ``regions``, ``disparity``."""
        draws = np.random.random_sample(len(self.shares))  # always both: one key moves no other
        for (label, share), draw in zip(self.shares.items(), draws, strict=True):
            if draw >= share:
                results.pop(label, None)
        return results
