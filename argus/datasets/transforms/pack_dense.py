"""Pack an image and its dense labels: the end of a pipeline."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmengine.structures import PixelData

from argus.errors import ConfigError, DataError
from argus.registry import TRANSFORMS
from argus.structures import DenseSample

MAPS = ("depth", "normals", "boundary", "saliency", "anomaly_map")
META_KEYS = (
    "img_path",
    "ori_shape",
    "img_shape",
    "pad_shape",
    "scale_factor",
    "flip",
    "flip_direction",
    "category",
)


@TRANSFORMS.register_module()
class PackDense(BaseTransform):
    """Pack to ``inputs``, the image (3, H, W) uint8, and ``data_samples``, a ``DenseSample``.

    The label map ``gt_<field>`` of ``results`` becomes the field ``gt_<field>``, a ``PixelData`` of
    (1, H, W), normals (3, H, W). A label that is absent is left out. ``gt_anomaly`` (0 or 1) is
    packed where it is present.

    Args:
        fields: Of ``depth``, ``normals``, ``boundary``, ``saliency``, ``anomaly_map``; none for
            prediction alone.
        meta_keys: Keys of ``results`` to keep as meta information, where present.

    Raises:
        ConfigError: An unknown field.
    """

    def __init__(self, fields: Sequence[str] = (), *, meta_keys: Sequence[str] = META_KEYS) -> None:
        unknown = [field for field in fields if field not in MAPS]
        if isinstance(fields, str) or unknown:
            raise ConfigError(f"PackDense.fields={fields!r}: expected some of {MAPS}.")
        self.fields = tuple(fields)
        self.meta_keys = tuple(meta_keys)

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Pack.

        Raises:
            DataError: A label map has neither the size of the image nor that of the original.
        """
        image = results["img"]
        sample = DenseSample(
            metainfo={key: results[key] for key in self.meta_keys if key in results}
        )
        for field in self.fields:
            labels = results.get(f"gt_{field}")
            if labels is None:
                continue
            sizes = (image.shape[:2], tuple(results.get("ori_shape", ())))
            if labels.shape[:2] not in sizes:
                raise DataError(
                    f"{results.get('img_path')}: gt_{field} is {labels.shape[1]}x{labels.shape[0]} "
                    f"(width x height), the image {image.shape[1]}x{image.shape[0]}: a transform "
                    "moved one of them alone. Use the Joint transforms, which move all label maps."
                )
            channels_first = labels[None] if labels.ndim == 2 else labels.transpose(2, 0, 1)
            sample.set_field(PixelData(data=_to_tensor(channels_first)), f"gt_{field}")
        if results.get("gt_anomaly") is not None:
            sample.set_field(int(results["gt_anomaly"]), "gt_anomaly")
        return dict(inputs=_to_tensor(image.transpose(2, 0, 1)), data_samples=sample)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(fields={self.fields})"


def _to_tensor(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(array))
