"""Load the mask of a defect; a flawless picture has an empty one."""

from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform

from argus.datasets.transforms.labels import check_label_size, decode_label_map
from argus.datasets.transforms.reading import read_bytes
from argus.errors import DataError
from argus.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadAnomalyMask(BaseTransform):
    """Load ``gt_anomaly_map`` (H, W) uint8: 1 where the picture is defective, else 0.

    The map has the size of the original picture (``ori_shape``). It is read from ``mask_path``,
    where any value but 0 is a defect; without that key all of it is 0, provided that the picture is
    flawless (``gt_anomaly``).

    Args:
        backend_args: Options of mmengine's file backend.
    """

    def __init__(self, *, backend_args: dict[str, Any] | None = None) -> None:
        self.backend_args = backend_args

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Add the map to ``results``.

        Raises:
            DataError: The file is missing or damaged, its size is not the picture's, or a defective
                picture names none.
        """
        shape = tuple(results["ori_shape"])
        path = results.get("mask_path")
        if path is None:
            if results.get("gt_anomaly"):
                raise DataError(f"{results.get('img_path')}: defective, but without a mask_path")
            results["gt_anomaly_map"] = np.zeros(shape, np.uint8)
            return results
        content = read_bytes(path, self.backend_args)
        try:
            check_label_size(content, shape, name="mask")
            mask = decode_label_map(content)
        except DataError as error:
            raise DataError(f"{path}: {error}") from error
        results["gt_anomaly_map"] = (mask != 0).astype(np.uint8)
        return results

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"
