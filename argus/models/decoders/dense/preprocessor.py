"""Images and dense labels of a batch to tensors of one size."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.model import ImgDataPreprocessor
from mmengine.structures import PixelData
from torch import Tensor

from argus.errors import ConfigError, DataError
from argus.registry import MODELS
from argus.structures import DenseSample

# What a label says where there is no image: unknown, ignored, without defect.
PAD_LABELS = {
    "gt_depth": 0.0,
    "gt_normals": 0.0,
    "gt_boundary": 255,
    "gt_saliency": 255,
    "gt_anomaly_map": 0,
}


@MODELS.register_module()
class DensePreprocessor(ImgDataPreprocessor):
    """Normalise images, pad them on the right and at the bottom, stack them.

    A batch gets the size of its largest image, at least ``size``, rounded up to multiples of
    ``size_divisor``. The numbers are those of mmseg's ``SegDataPreProcessor``, so that both can
    prepare the images of one data stream.

    Args:
        mean: Mean of the three channels in [0, 255], RGB if ``bgr_to_rgb``.
        std: Standard deviation of the three channels.
        bgr_to_rgb: Swap the channels before normalisation.
        size: Height and width in training, which no training image may exceed; ``None`` pads to
            the largest image.
        size_divisor: What height and width are multiples of.
        pad_val: Padding of the normalised image.
        test_cfg: ``size`` and ``size_divisor`` outside training, where larger images are legal;
            an absent ``size`` is none, an absent ``size_divisor`` that of training.
        non_blocking: Whether copies to a GPU run beside the computation.

    Raises:
        ConfigError: A size that is no multiple of its divisor, or an unknown key in ``test_cfg``.
    """

    def __init__(
        self,
        mean: Sequence[float],
        std: Sequence[float],
        *,
        bgr_to_rgb: bool = False,
        size: tuple[int, int] | None = None,
        size_divisor: int = 32,
        pad_val: float = 0.0,
        test_cfg: Mapping[str, Any] | None = None,
        non_blocking: bool = False,
    ) -> None:
        super().__init__(mean=mean, std=std, bgr_to_rgb=bgr_to_rgb, non_blocking=non_blocking)
        test = dict(size=None, size_divisor=size_divisor) | dict(test_cfg or {})
        unknown = sorted(set(test) - {"size", "size_divisor"})
        if unknown:
            raise ConfigError(
                f"DensePreprocessor: test_cfg has unknown keys {unknown}; known are 'size' and "
                "'size_divisor'."
            )
        self.pad_val = pad_val
        self.rules = {
            True: _checked_rule(size, size_divisor, "size"),
            False: _checked_rule(test["size"], test["size_divisor"], "test_cfg.size"),
        }

    def forward(self, data: dict[str, Any], training: bool = False) -> dict[str, Any]:
        """Prepare a collated batch.

        Args:
            data: ``inputs``, images (3, H, W) uint8 or float in [0, 255], of any sizes; and
                ``data_samples``, a :class:`~argus.structures.DenseSample` each, or ``None``.
            training: Whether labels are padded too, and which sizes apply.

        Returns:
            ``inputs`` (B, 3, H', W') float32 and ``data_samples``, copies on the model's device
            with ``img_shape``, ``pad_shape`` and ``batch_input_shape`` set.

        Raises:
            DataError: An image without three channels, a training image larger than ``size``, or a
                training label that has not the size of its image.
        """
        data = self.cast_data(data)
        images = [self._normalised(image) for image in data["inputs"]]
        shapes = [(int(image.shape[1]), int(image.shape[2])) for image in images]
        batch_shape = self._batch_shape(shapes, training)
        samples = data.get("data_samples")
        for sample, shape in zip(samples or [], shapes, strict=False):
            if training:
                _pad_labels(sample, shape, batch_shape)
            sample.set_metainfo(
                dict(img_shape=shape, pad_shape=batch_shape, batch_input_shape=batch_shape)
            )
        padded = [_pad(image, batch_shape, self.pad_val) for image in images]
        return {"inputs": torch.stack(padded), "data_samples": samples}

    def _normalised(self, image: Tensor) -> Tensor:
        if image.ndim != 3 or image.shape[0] != 3:
            raise DataError(
                f"DensePreprocessor: expected images (3, H, W), found {tuple(image.shape)}. End "
                "the pipeline with PackDense."
            )
        image = (image[[2, 1, 0]] if self._channel_conversion else image).float()
        return (image - self.mean) / self.std

    def _batch_shape(self, shapes: Sequence[tuple[int, int]], training: bool) -> tuple[int, int]:
        size, divisor = self.rules[training]
        largest = max(height for height, _ in shapes), max(width for _, width in shapes)
        if training and size is not None and (largest[0] > size[0] or largest[1] > size[1]):
            raise DataError(
                f"DensePreprocessor: a training image of {largest[0]}x{largest[1]} (height x "
                f"width, largest of the batch) exceeds data_preprocessor.size={size}. Crop to "
                "that size in the training pipeline, or raise size."
            )
        least = size or (0, 0)
        height, width = (
            -(-max(a, b) // divisor) * divisor for a, b in zip(largest, least, strict=True)
        )
        return height, width


def _checked_rule(
    size: Sequence[int] | None, divisor: int, name: str
) -> tuple[tuple[int, int] | None, int]:
    if size is None:
        return None, divisor
    height, width = size
    if height % divisor or width % divisor:
        raise ConfigError(
            f"DensePreprocessor: {name}={tuple(size)} (height, width) is not a multiple of "
            f"size_divisor={divisor}, which the strides of the backbone need."
        )
    return (height, width), divisor


def _pad(x: Tensor, shape: tuple[int, int], value: float) -> Tensor:
    """Pad (C, H, W) on the right and at the bottom to ``shape``."""
    return F.pad(x, (0, shape[1] - x.shape[-1], 0, shape[0] - x.shape[-2]), value=value)


def _pad_labels(sample: DenseSample, shape: tuple[int, int], batch_shape: tuple[int, int]) -> None:
    for name, value in PAD_LABELS.items():
        if name not in sample:
            continue
        label = sample.get(name).data
        if tuple(label.shape[-2:]) != shape:
            raise DataError(
                f"{sample.metainfo.get('img_path', 'an image')}: {name} is "
                f"{label.shape[-2]}x{label.shape[-1]} (height x width), its image "
                f"{shape[0]}x{shape[1]}. Labels for training go through the same crops and "
                "resizes as the image: load them before those."
            )
        sample.set_data({name: PixelData(data=_pad(label, batch_shape, value))})
