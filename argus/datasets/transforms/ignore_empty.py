"""Leave label maps out that label nothing."""

from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform

from argus.datasets.transforms.labels import IGNORE
from argus.registry import TRANSFORMS


@TRANSFORMS.register_module()
class IgnoreEmpty(BaseTransform):
    """Turn a ``gt_seg_map`` of background alone into one of unknown pixels alone.

    For labels of which background alone means that nobody marked anything, like human parts: a crop
    beside all people would teach background. Source: ASTMT (Maninis et al., CVPR 2019) and InvPT
    (Ye and Xu, ECCV 2022), in training and evaluation, after the crop. Samples without a label map
    pass.

    Args:
        background: Its label.
        ignore_index: Label that counts for no class.
    """

    def __init__(self, *, background: int = 0, ignore_index: int = IGNORE) -> None:
        self.background = background
        self.ignore_index = ignore_index

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Look at the label map."""
        labels = results.get("gt_seg_map")
        if labels is not None and np.isin(labels, (self.background, self.ignore_index)).all():
            results["gt_seg_map"] = np.full_like(labels, self.ignore_index)
        return results

    def __repr__(self) -> str:
        return f"{type(self).__name__}(background={self.background})"
