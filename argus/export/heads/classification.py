"""Classification: mmpretrain's ``ImageClassifier`` with a head of one label as a graph."""

from collections.abc import Sequence
from typing import Any, ClassVar

from mmpretrain.models import ImageClassifier
from mmpretrain.models.heads import ClsHead
from torch import Tensor

from argus.export.heads.base import ExportHead, Output


class ClassificationExport(ExportHead):
    """The softmax over the classes."""

    kind: ClassVar[str] = "classification"
    decoders: ClassVar[tuple[type, ...]] = (ImageClassifier,)

    @classmethod
    def why_not(cls, decoder: Any) -> str:
        """See the base class."""
        head = type(decoder.head)
        known = all(
            getattr(head, step, None) is getattr(ClsHead, step)
            for step in ("predict", "_get_predictions")
        )
        return "" if known else f"its head {head.__name__} makes its answers in its own way"

    def outputs(self) -> list[Output]:
        """One vector, named like the task."""
        axes = ("batch", self.decoder.head.num_classes)
        return [Output(self.task, axes, "float32", "probability in [0, 1] of each class")]

    def forward(self, maps: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """See the base class."""
        logits = self.decoder.head(self.decoder.extract_feat(tuple(maps)))
        return (logits.float().softmax(-1),)
