"""Classification: mmpretrain's ``ImageClassifier`` with a head of one label or of several."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from mmpretrain.models import ImageClassifier
from mmpretrain.models.heads import ClsHead, MultiLabelClsHead
from torch import Tensor

from argus.export.heads.base import ExportHead, Output

# By the head whose last steps they are.
_ANSWERS: dict[type, Callable[[Tensor], Tensor]] = {
    ClsHead: lambda logits: logits.softmax(-1),
    MultiLabelClsHead: lambda logits: logits.sigmoid(),
}


class ClassificationExport(ExportHead):
    """The softmax over the classes; where a picture may have several, each class by itself."""

    kind: ClassVar[str] = "classification"
    decoders: ClassVar[tuple[type, ...]] = (ImageClassifier,)

    @classmethod
    def why_not(cls, decoder: Any) -> str:
        """See the base class."""
        name = type(decoder.head).__name__
        known = _base_of(decoder.head) is not None
        return "" if known else f"its head {name} makes its answers in its own way"

    def outputs(self) -> list[Output]:
        """One vector, named like the task."""
        axes = ("batch", self.decoder.head.num_classes)
        return [Output(self.task, axes, "float32", "probability in [0, 1] of each class")]

    def forward(self, maps: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """See the base class."""
        logits = self.decoder.head(self.decoder.extract_feat(tuple(maps)))
        base = _base_of(self.decoder.head)
        assert base is not None
        return (_ANSWERS[base](logits.float()),)


def _base_of(head: Any) -> type | None:
    """That of :data:`_ANSWERS` whose steps a head takes unchanged."""
    steps = ("predict", "_get_predictions")
    for base in _ANSWERS:
        if all(getattr(type(head), step, None) is getattr(base, step) for step in steps):
            return base
    return None
