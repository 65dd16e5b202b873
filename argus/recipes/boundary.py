"""Boundaries between things."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from argus.recipes.base import Decoder
from argus.recipes.dense import DenseTask
from argus.recipes.parts import part
from argus.registry import RECIPES


def _upernet_boundary(recipe: DenseTask) -> dict[str, Any]:
    """UperNet with one logit."""
    return recipe.fitted("upernet_boundary", 512)


@RECIPES.register_module()
@dataclass(kw_only=True)
class BoundaryTask(DenseTask):
    """Boundaries; the keys are those of :class:`~argus.recipes.base.Recipe`."""

    KIND: ClassVar[str] = "boundary"
    DATASET: ClassVar[str] = "OwnBoundary"
    DECODERS: ClassVar[Mapping[str, Decoder]] = {"upernet": _upernet_boundary}
    FIELD: ClassVar[str] = "boundary"

    def load(self, *, trains: bool) -> dict[str, Any]:
        """Read the boundaries of a sample."""
        if self.reads_own:
            # Of several people in training what half of them drew, in testing what each did.
            agreement = 0.5 if trains else None
            return part("argus.datasets.own.loading.LoadOwnBoundary", agreement=agreement)
        return part("argus.datasets.transforms.LoadBoundary", threshold=127)

    def measures(self) -> dict[str, Any]:
        """F-measure of the thinned boundaries."""
        return dict(
            metrics=part("argus.evaluation.metrics.BoundaryMetric"),
            primary="odsF",
            report=["odsF", "oisF", "AP"],
        )
