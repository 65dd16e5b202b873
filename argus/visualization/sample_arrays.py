"""Arrays out of the data samples of mmdet, mmseg, mmpose and mmpretrain."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import Tensor


def to_array(value: Any) -> np.ndarray:
    """A tensor, a box structure (``.tensor``) or an array as a numpy array on the host."""
    value = getattr(value, "tensor", value)
    if isinstance(value, Tensor):
        value = value.detach().cpu()
        return (value if value.dtype.itemsize != 2 else value.float()).numpy()
    return np.asarray(value)


def to_masks(masks: Any) -> np.ndarray:
    """Instance masks as booleans ``(N, H, W)``.

    Args:
        masks: A tensor or array ``(N, H, W)``, mmdet's ``BitmapMasks`` or ``PolygonMasks``, or a
            list of COCO run-length encodings.
    """
    if hasattr(masks, "to_ndarray"):
        return masks.to_ndarray().astype(bool)
    if isinstance(masks, Sequence) and masks and isinstance(masks[0], dict):
        from pycocotools import mask as coco_mask

        return np.stack([coco_mask.decode(encoding) for encoding in masks]).astype(bool)
    return to_array(masks).astype(bool)


def instances_of(sample: Any, source: str) -> Any | None:
    """``pred_instances`` or ``gt_instances`` of a sample, ``None`` if it has none."""
    return getattr(sample, f"{source}_instances", None)


def annotation_size(sample: Any) -> tuple[int, int] | None:
    """Height and width of the original image, to which a sample's coordinates refer."""
    shape = getattr(sample, "metainfo", {}).get("ori_shape")
    return None if shape is None else (int(shape[0]), int(shape[1]))
