"""Anomalies: the score and the map of every category's head as a graph."""

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor

from argus.export.heads.base import ExportHead, Output
from argus.models.decoders.anomaly import AnomalyDetector


class AnomalyExport(ExportHead):
    """All heads on every picture: which one counts is for the application to say."""

    kind: ClassVar[str] = "anomaly"
    decoders: ClassVar[tuple[type, ...]] = (AnomalyDetector,)

    @property
    def categories(self) -> tuple[str, ...]:
        """Names of the heads, in the order of the outputs."""
        return tuple(self.decoder.heads)

    def outputs(self) -> list[Output]:
        """Scores and maps, a column per head."""
        heads = len(self.categories)
        meaning = f"larger is more likely defective; by category: {', '.join(self.categories)}"
        return [
            Output(f"{self.task}_scores", ("batch", heads), "float32", meaning),
            Output(f"{self.task}_maps", ("batch", heads, *self.size), "float32", meaning),
        ]

    def forward(self, maps: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """See the base class."""
        found = [head.predict(maps) for head in self.decoder.heads.values()]
        scores = torch.stack([score.float() for score, _ in found], 1)
        return scores, torch.stack([anomaly_map.float() for _, anomaly_map in found], 1)
