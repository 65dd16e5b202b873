"""Classification: mmpretrain's ``ImageClassifier`` with a linear head as a graph."""

from collections.abc import Sequence
from typing import Any, ClassVar

from mmpretrain.models import ImageClassifier, LinearClsHead
from torch import Tensor

from argus.export.heads.base import ExportHead, Output


class ClassificationExport(ExportHead):
    """The softmax over the classes."""

    kind: ClassVar[str] = "classification"

    @classmethod
    def why_not(cls, decoder: Any) -> str:
        """See the base class."""
        if not isinstance(decoder, ImageClassifier):
            return "it is no ImageClassifier"
        head = type(decoder.head).__name__
        return "" if isinstance(decoder.head, LinearClsHead) else f"its head is a {head}"

    def outputs(self) -> list[Output]:
        """One vector, named like the task."""
        axes = ("batch", self.decoder.head.num_classes)
        return [Output(self.task, axes, "float32", "probability in [0, 1] of each class")]

    def forward(self, maps: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """See the base class."""
        logits = self.decoder.head(self.decoder.extract_feat(tuple(maps)))
        return (logits.float().softmax(-1),)
