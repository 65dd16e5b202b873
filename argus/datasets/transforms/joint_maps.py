"""The label maps that lie on an image, and what fills them where there is no image."""

from collections.abc import Callable
from typing import Any

import numpy as np

from argus.errors import DataError

LABEL_FILL: dict[str, float] = dict(
    gt_seg_map=255,
    gt_depth=0,
    gt_normals=0,
    gt_boundary=255,
    gt_saliency=255,
    gt_anomaly_map=0,
)
"""Key of each label map in ``results`` and the value of a pixel that has no label.

All are sampled by the nearest pixel: a mean of two classes, of the depths on both sides of an edge,
or of a value and "unknown" is no label. Padding is no defect: an anomaly map is filled with 0.
"""

IMAGE_FILL = (104, 116, 124)
"""BGR of pixels outside the image: the mean of ImageNet, which normalisation turns into zero."""

MapTransform = Callable[[np.ndarray, bool, Any], np.ndarray]


def transform_maps(results: dict[str, Any], function: MapTransform) -> None:
    """Replace the image and every label map by what a function makes of it.

    Args:
        results: Holds ``img`` (H, W, 3) and any of the label maps, (H, W) or (H, W, 3). Updated,
            as is ``img_shape``.
        function: Called with the array, whether it is a label map, and the fill value (of the
            image a tuple of three).

    Raises:
        DataError: A label map has another size than the image.
    """
    size = results["img"].shape[:2]
    labels = [key for key in LABEL_FILL if results.get(key) is not None]
    for key in labels:
        if results[key].shape[:2] != size:
            raise DataError(
                f"{results.get('img_path')}: {key} is {_wh(results[key].shape)} (width x height), "
                f"its image {_wh(size)}. Load labels before the first transform that moves pixels, "
                "and use the Joint transforms, which move all label maps."
            )
        results[key] = np.ascontiguousarray(function(results[key], True, LABEL_FILL[key]))
    results["img"] = np.ascontiguousarray(function(results["img"], False, IMAGE_FILL))
    results["img_shape"] = results["img"].shape[:2]


def _wh(shape: tuple[int, ...]) -> str:
    return f"{shape[1]}x{shape[0]}"
