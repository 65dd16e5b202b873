"""Depth, normals, boundaries, saliency: ``DenseEstimator`` as a graph."""

from collections.abc import Sequence
from typing import Any, ClassVar

import torch.nn.functional as F
from torch import Tensor

from argus.export.heads.base import ExportHead, Output
from argus.models.decoders.dense import DenseEstimator

_MEANING = {
    "depth": "depth along the camera's axis, metres",
    "normals": "unit vectors, x right, y up, z towards the viewer",
    "boundary": "probability in [0, 1] that the pixel lies on a boundary",
    "saliency": "probability in [0, 1] that the pixel belongs to the salient object",
}
_CHANNELS = {"normals": 3}


class DenseExport(ExportHead):
    """The head's output, resized to the input, then decoded; a flip test is left out."""

    kind: ClassVar[str] = "dense"
    decoders: ClassVar[tuple[type, ...]] = (DenseEstimator,)

    @classmethod
    def why_not(cls, decoder: Any) -> str:
        """See the base class."""
        field = decoder.head.field
        return "" if field in _MEANING else f"its head predicts {field!r}, which has no export"

    def outputs(self) -> list[Output]:
        """One map, named like the task."""
        field = self.decoder.head.field
        axes = ("batch", _CHANNELS.get(field, 1), *self.size)
        return [Output(self.task, axes, "float32", _MEANING[field])]

    def forward(self, maps: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """See the base class."""
        raw = self.decoder.head(maps).float()
        raw = F.interpolate(raw, size=self.size, mode="bilinear", align_corners=False)
        # ``decode`` takes one picture (C, H, W); to it the batch is one more axis of pixels.
        return (self.decoder.head.decode(raw.transpose(0, 1)).transpose(0, 1).float(),)
