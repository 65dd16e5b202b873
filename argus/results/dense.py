"""What the answers that live in a ``DenseSample`` share."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from argus.results.base import common_fields, require
from argus.visualization.palette import RGB
from argus.visualization.sample_arrays import to_array


def read_map(
    sample: Any,
    field: str,
    *,
    task: str,
    classes: Sequence[str],
    palette: Sequence[RGB] | None,
) -> tuple[np.ndarray, dict[str, Any]]:
    """A map ``(C, H, W)`` float32 of a sample, and the arguments of every result class.

    Raises:
        DataError: The sample lacks it.
    """
    values = to_array(require(sample, f"pred_{field}", task).data).astype(np.float32)
    fields = common_fields(sample, task=task, classes=classes, palette=palette, shape=values.shape)
    return values, fields


def dense_sample(size: tuple[int, int], maps: dict[str, np.ndarray], **meta: Any) -> Any:
    """A ``DenseSample`` with the maps ``(C, H, W)`` as ``pred_<field>``."""
    import torch
    from mmengine.structures import PixelData

    from argus.structures import DenseSample

    sample = DenseSample(metainfo=dict(ori_shape=size, **meta))
    for field, values in maps.items():
        data = torch.from_numpy(np.ascontiguousarray(values))
        sample.set_data({f"pred_{field}": PixelData(data=data)})
    return sample
