"""Bring an anomaly map from the network's input back to the original picture."""

import torch
import torch.nn.functional as F
from torch import Tensor

from argus.errors import DataError
from argus.structures import DenseSample


def to_original(anomaly_map: Tensor, sample: DenseSample) -> Tensor:
    """Undo padding, centre crop and resize.

    An input that is smaller than the resized picture is taken as its centre crop. What lies around
    the crop was not looked at and gets the least value of the map: no sign of a defect.

    Args:
        anomaly_map: (H, W) of the network's input, padded at the right and bottom or not.
        sample: Its ``ori_shape``, ``img_shape`` and, if it was resized, ``scale_factor``.

    Returns:
        (1, H', W') of the original picture.

    Raises:
        DataError: The input is larger than the resized picture.
    """
    height, width = sample.metainfo["img_shape"][:2]
    original = tuple(sample.metainfo["ori_shape"][:2])
    scale_w, scale_h = sample.metainfo.get("scale_factor", (1.0, 1.0))
    resized = (round(original[0] * scale_h), round(original[1] * scale_w))
    anomaly_map = anomaly_map[:height, :width]
    if resized[0] < height or resized[1] < width:
        raise DataError(
            f"{sample.metainfo.get('img_path')}: the network's input is {width}x{height} (width x "
            f"height), but the picture resized by {scale_w:.3f}, {scale_h:.3f} only "
            f"{resized[1]}x{resized[0]}. Pad by the data_preprocessor, not in the pipeline."
        )
    if resized != (height, width):
        canvas = torch.full(resized, 0.0, dtype=anomaly_map.dtype, device=anomaly_map.device)
        canvas += anomaly_map.min()
        top, left = round((resized[0] - height) / 2), round((resized[1] - width) / 2)
        canvas[top : top + height, left : left + width] = anomaly_map
        anomaly_map = canvas
    if resized != original:
        anomaly_map = F.interpolate(
            anomaly_map[None, None], size=original, mode="bilinear", align_corners=False
        )[0, 0]
    return anomaly_map[None]
