"""Semantic segmentation and human parsing: mmseg's ``EncoderDecoder`` as a graph."""

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from mmseg.models import EncoderDecoder
from torch import Tensor

from argus.export.heads.base import ExportHead, Output


class SemanticExport(ExportHead):
    """Logits resized to the input, then the class; sliding windows are left out."""

    kind: ClassVar[str] = "semantic"

    @classmethod
    def why_not(cls, decoder: Any) -> str:
        """See the base class."""
        return "" if type(decoder) is EncoderDecoder else "it is no EncoderDecoder"

    @property
    def _dtype(self) -> torch.dtype:
        return torch.uint8 if self.decoder.decode_head.num_classes <= 256 else torch.int32

    def outputs(self) -> list[Output]:
        """One label map, named like the task."""
        dtype = str(self._dtype).removeprefix("torch.")
        return [Output(self.task, ("batch", *self.size), dtype, "label: index into classes")]

    def forward(self, maps: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """See the base class."""
        head = self.decoder.decode_head
        logits = head(self.decoder.extract_feat(tuple(maps))).float()
        logits = F.interpolate(
            logits, size=self.size, mode="bilinear", align_corners=self.decoder.align_corners
        )
        if logits.shape[1] > 1:
            labels = logits.argmax(1)
        else:  # one logit: the second class where it is likely enough
            labels = logits[:, 0].sigmoid() > head.threshold
        return (labels.to(self._dtype),)
