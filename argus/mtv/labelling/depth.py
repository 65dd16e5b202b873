"""Inverse depth by Depth Anything V2.

Source: "Depth Anything V2" (Yang et al., NeurIPS 2024), and the preparation of its own code: the
shorter side becomes 518 pixels whatever the picture, both sides multiples of a patch, by OpenCV's
cubic interpolation. (``transformers``' processor makes the *longer* side of a small picture 518,
and resizes by Pillow.) Pictures of one size after that are a batch.
"""

from collections.abc import Hashable, Sequence
from typing import Any

import cv2
import numpy as np
import torch
from transformers import AutoImageProcessor, AutoModelForDepthEstimation

from argus.errors import ConfigError, DataError
from argus.mtv.data.disparity import disparity_members
from argus.mtv.labelling.labeller import Labeller, Labels, Picture
from argus.mtv.labelling.registry import LABELLERS
from argus.mtv.labelling.teachers import (
    check_precision,
    computing,
    on_device,
    read_beside,
    read_teacher,
    record_of,
)


@LABELLERS.register_module()
class DepthLabeller(Labeller):
    """Writes ``depth.png`` of 16 bits and ``depth.json``; larger is nearer.

    Args:
        model: Folder, or name on the Hub, of a Depth Anything of relative depth.
        revision: Commit on the Hub.
        short_side: Pixels of the shorter side for the model.
        max_ratio: Of longer to shorter side; a picture beyond is a failure, since it would need
            that much more memory. Not stated in paper.
        stored_side: Most pixels of the longer side of what is stored; not more than the picture's.
            Not stated in paper.
        batch_size: Pictures at a time. Not stated in paper.
        precision: ``fp32``, ``bf16`` or ``fp16``. Not stated in paper.

    Raises:
        ConfigError: A value is out of range, or the model gives no inverse depth.
        CheckpointError: The model cannot be read.
    """

    name = "depth"

    def __init__(
        self,
        *,
        model: str,
        revision: str | None = None,
        short_side: int = 518,
        max_ratio: float = 5.0,
        stored_side: int = 518,
        batch_size: int = 16,
        precision: str = "fp32",
    ) -> None:
        check_precision(precision, where="DepthLabeller")
        self._model = read_teacher(
            AutoModelForDepthEstimation,
            model,
            revision=revision,
            what="depth",
            example="depth-anything/Depth-Anything-V2-Small-hf",
        )
        config = self._model.config
        kind = getattr(config, "depth_estimation_type", None)
        if config.model_type != "depth_anything" or kind != "relative":
            raise ConfigError(
                f"DepthLabeller.model: {model} is a {config.model_type} of {kind} depth; expected "
                "a depth_anything of relative depth, which is inverse. What metric models give "
                "grows with the distance."
            )
        self._patch = int(config.patch_size)
        if short_side < 1 or short_side % self._patch or stored_side < 1 or max_ratio < 1:
            raise ConfigError(
                f"DepthLabeller: expected short_side a multiple of {self._patch}, stored_side >= 1 "
                f"and max_ratio >= 1, found {short_side}, {stored_side} and {max_ratio}."
            )
        processor = read_beside(
            AutoImageProcessor, model, revision=revision, what="image processor"
        )
        self._mean = np.array(processor.image_mean, np.float32)
        self._std = np.array(processor.image_std, np.float32)
        self.short_side, self.max_ratio, self.stored_side = short_side, max_ratio, stored_side
        self.batch_size, self.precision = batch_size, precision
        self.teachers = (record_of(model, role="depth", model=self._model),)
        self.settings = dict(
            short_side=short_side,
            max_ratio=max_ratio,
            stored_side=stored_side,
            batch_size=batch_size,
            precision=precision,
        )

    def prepare(self, picture: Picture) -> Any:
        """The picture for the model, (3, h, w) float32, and its own height and width.

        Raises:
            DataError: It is too long.
        """
        size = height, width = picture.pixels.shape[:2]
        if max(size) > self.max_ratio * min(size):
            raise DataError(
                f"a picture of {width}x{height}: one side is more than {self.max_ratio:g} times "
                "the other (max_ratio)"
            )
        rows, columns = model_size(size, self.short_side, self._patch)
        values: Any = np.ascontiguousarray(picture.pixels).astype(np.float32) / 255
        values = cv2.resize(values, (columns, rows), interpolation=cv2.INTER_CUBIC)
        values = (values - self._mean) / self._std
        return torch.from_numpy(np.ascontiguousarray(values.transpose(2, 0, 1))), size

    def bucket(self, prepared: Any) -> Hashable:
        """Its size for the model."""
        return tuple(prepared[0].shape)

    def label(self, batch: Sequence[Any]) -> Sequence[Any]:
        """Inverse depth (h, w) float32 and the size of the picture; or that it is not finite."""
        with computing(self.precision):
            found = self._model(on_device([values for values, _ in batch])).predicted_depth
            maps = found.float().cpu().numpy()
        return [
            (values, size)
            if np.isfinite(values).all()
            else DataError(f"depth is not finite in {self.precision}")
            for values, (_, size) in zip(maps, batch, strict=True)
        ]

    def finish(self, answer: Any) -> Labels:
        """Resize to what is stored, and encode."""
        values, (height, width) = answer
        scale = min(1.0, self.stored_side / max(height, width))
        rows, columns = (max(round(side * scale), 1) for side in (height, width))
        how = cv2.INTER_AREA if rows < values.shape[0] else cv2.INTER_LINEAR
        stored = cv2.resize(values, (columns, rows), interpolation=how)
        return Labels(members=disparity_members(stored))


def model_size(size: tuple[int, int], short_side: int, patch: int) -> tuple[int, int]:
    """Height and width for the model.

    Args:
        size: Height and width of the picture.
        short_side: Of the shorter side, a multiple of the patch.
        patch: Side of a patch.
    """
    scale = short_side / min(size)
    rows, columns = (max(round(side * scale / patch) * patch, short_side) for side in size)
    return rows, columns
