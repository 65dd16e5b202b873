"""Keypoints: a top-down pose estimator on crops of people as a graph."""

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from mmpose.models import TopdownPoseEstimator
from mmpose.models.heads import HeatmapHead, RegressionHead, RLEHead, RTMCCHead, SimCCHead
from torch import Tensor

from argus.export.heads.base import ExportHead, Output
from argus.export.heads.keypoint_codecs import reader_of
from argus.models.decoders.heatmap_head import KeypointHeatmapHead

# Those whose output is what their codec reads.
_HEADS = (HeatmapHead, RegressionHead, RLEHead, RTMCCHead, SimCCHead, KeypointHeatmapHead)


class KeypointsExport(ExportHead):
    """Keypoints that the codec reads off the output of the head; a flip test is left out."""

    kind: ClassVar[str] = "keypoints"
    decoders: ClassVar[tuple[type, ...]] = (TopdownPoseEstimator,)

    @classmethod
    def why_not(cls, decoder: Any) -> str:
        """See the base class."""
        if not isinstance(decoder.head, _HEADS):
            return f"its head is a {type(decoder.head).__name__}"
        return reader_of(decoder.head.decoder)[1]

    @classmethod
    def crop_size(cls, decoder: Any) -> tuple[int, int]:
        """(height, width) of the crops that the decoder was trained on."""
        width, height = decoder.head.decoder.input_size
        return int(height), int(width)

    def outputs(self) -> list[Output]:
        """Keypoints and their scores."""
        head = self.decoder.head
        points = ("batch", getattr(head, "num_joints", None) or head.out_channels)
        meaning = "how sure the keypoint is: maximum of its heatmap or line, mostly 0 to 1"
        return [
            Output(f"{self.task}_points", (*points, 2), "float32", "x, y, pixels of the crop"),
            Output(f"{self.task}_scores", points, "float32", meaning),
        ]

    def forward(self, maps: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """See the base class."""
        codec = self.decoder.head.decoder
        read, _ = reader_of(codec)
        assert read is not None
        found = self.decoder.head(self.decoder.extract_feat(tuple(maps)))
        if isinstance(self.decoder.head, RLEHead):  # deviations in [0, 1] behind the coordinates
            found = torch.cat([found[..., :2], found[..., 2:].sigmoid()], -1)
        return read(found.float() if isinstance(found, Tensor) else found, codec)
