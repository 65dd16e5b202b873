"""A dense task as an OpenMMLab model: backbone, head, padding, resizing and flip test."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.model import BaseModel
from mmengine.structures import PixelData
from torch import Tensor

from argus.errors import ConfigError, DataError
from argus.registry import MODELS
from argus.structures import DenseSample

# The finest map of the backbone is that much smaller than the image.
FIRST_STRIDE = 4


@MODELS.register_module()
class DenseEstimator(BaseModel):
    """Estimate a value, or a few, for every pixel.

    Args:
        backbone: Four feature maps, strides 4, 8, 16, 32; ``dict(type=SharedBackbone)`` in Argus.
        head: Config of a :class:`~argus.models.decoders.dense.head.DenseHead`.
        data_preprocessor: Config of
            :class:`~argus.models.decoders.dense.preprocessor.DensePreprocessor`.
        test_cfg: ``flip``: average the prediction with that of the mirrored image.
        init_cfg: See mmengine's ``BaseModule``.

    Raises:
        ConfigError: An unknown key in ``test_cfg``.
    """

    def __init__(
        self,
        backbone: Mapping[str, Any],
        head: Mapping[str, Any],
        *,
        data_preprocessor: dict[str, Any] | None = None,
        test_cfg: Mapping[str, Any] | None = None,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(data_preprocessor=data_preprocessor, init_cfg=init_cfg)
        self.test_cfg = dict(flip=False) | dict(test_cfg or {})
        unknown = sorted(set(self.test_cfg) - {"flip"})
        if unknown:
            raise ConfigError(
                f"DenseEstimator: test_cfg has unknown keys {unknown}; known is 'flip'."
            )
        self.backbone = MODELS.build(backbone)
        self.head = MODELS.build(head)

    def forward(
        self,
        inputs: Tensor | Sequence[Tensor],
        data_samples: list[DenseSample] | None = None,
        mode: str = "tensor",
    ) -> Any:
        """Run in one of OpenMMLab's modes: ``loss``, ``predict`` or ``tensor``."""
        if mode == "loss":
            return self.loss(inputs, data_samples or [])
        if mode == "predict":
            return self.predict(inputs, data_samples or [])
        assert mode == "tensor", f"forward(mode={mode!r}): expected loss, predict or tensor"
        return self._forward(inputs)

    def loss(
        self, inputs: Tensor | Sequence[Tensor], data_samples: list[DenseSample]
    ) -> dict[str, Tensor]:
        """Losses of a batch.

        Args:
            inputs: Normalised images (B, 3, H, W), or their feature maps.
            data_samples: With ``gt_<field>`` of the head, all of one size.

        Raises:
            DataError: A sample has no label.
        """
        name = f"gt_{self.head.field}"
        for sample in data_samples:
            if name not in sample:
                raise DataError(
                    f"{sample.metainfo.get('img_path', 'a sample')} has no {name} to train "
                    f"{type(self.head).__name__} with. List it in PackDense.fields; in a stream of "
                    "several tasks name what the task needs in PackTasks.needs."
                )
        labels = torch.stack([sample.get(name).data for sample in data_samples])
        raw = _resize(self._forward(inputs), (labels.shape[-2], labels.shape[-1]))
        return self.head.loss(raw, labels)

    def predict(
        self, inputs: Tensor | Sequence[Tensor], data_samples: list[DenseSample]
    ) -> list[DenseSample]:
        """Fill in the predictions.

        Args:
            inputs: Normalised images (B, 3, H, W), or their feature maps.
            data_samples: With ``img_shape``, the size without padding (that of ``inputs`` if it is
                absent), and ``ori_shape``, the size of the prediction (``img_shape`` if absent).

        Returns:
            The samples, with ``pred_<field>``.

        Raises:
            ConfigError: The flip test is on and ``inputs`` are feature maps.
        """
        if isinstance(inputs, Tensor):
            size = int(inputs.shape[-2]), int(inputs.shape[-1])
        else:
            size = FIRST_STRIDE * inputs[0].shape[-2], FIRST_STRIDE * inputs[0].shape[-1]
        shapes = [_shape(sample, "img_shape", size) for sample in data_samples]
        predictions = self._predictions(inputs, data_samples, shapes, size)
        if self.test_cfg["flip"]:
            if not isinstance(inputs, Tensor):
                raise ConfigError(
                    "DenseEstimator: test_cfg.flip=True runs the backbone on mirrored images, but "
                    "feature maps were given. Predict from images, or set test_cfg.flip=False."
                )
            mirrored = self._predictions(_mirror(inputs, shapes), data_samples, shapes, size)
            predictions = [
                self.head.average(prediction, self.head.mirror(other))
                for prediction, other in zip(predictions, mirrored, strict=True)
            ]
        for sample, prediction in zip(data_samples, predictions, strict=True):
            sample.set_data({f"pred_{self.head.field}": PixelData(data=prediction)})
        return data_samples

    def _forward(
        self, inputs: Tensor | Sequence[Tensor], data_samples: list[DenseSample] | None = None
    ) -> Tensor:
        """The head's raw output (B, C, h, w) of images or feature maps."""
        return self.head(self.backbone(inputs))

    def _predictions(
        self,
        inputs: Tensor | Sequence[Tensor],
        samples: Sequence[DenseSample],
        shapes: Sequence[tuple[int, int]],
        size: tuple[int, int],
    ) -> list[Tensor]:
        """Predictions (C, H, W) at the original sizes; ``size`` is that of the padded images."""
        raw = _resize(self._forward(inputs), size)
        predictions = []
        for output, sample, (height, width) in zip(raw, samples, shapes, strict=True):
            original = _shape(sample, "ori_shape", (height, width))
            inside = output[None, :, :height, :width]
            predictions.append(self.head.decode(_resize(inside, original)[0]))
        return predictions


def _resize(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize (B, C, H, W) bilinearly, in float32."""
    x = x.float()
    if tuple(x.shape[-2:]) == size:
        return x
    return F.interpolate(x, size=size, mode="bilinear", align_corners=False)


def _mirror(images: Tensor, shapes: Sequence[tuple[int, int]]) -> Tensor:
    """Mirror each image within its own extent, so that the padding stays on the right."""
    mirrored = images.clone()
    for image, (height, width) in zip(mirrored, shapes, strict=True):
        image[:, :height, :width] = image[:, :height, :width].flip(-1)
    return mirrored


def _shape(sample: DenseSample, key: str, default: tuple[int, int]) -> tuple[int, int]:
    height, width = sample.metainfo.get(key, default)[:2]
    return int(height), int(width)
