"""Surface normals."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from argus.recipes.base import Decoder
from argus.recipes.dense import DenseTask
from argus.recipes.parts import part
from argus.registry import RECIPES


def _upernet_normals(recipe: DenseTask) -> dict[str, Any]:
    """UperNet with three components."""
    return recipe.fitted("upernet_normals", 512)


@RECIPES.register_module()
@dataclass(kw_only=True)
class NormalsTask(DenseTask):
    """Surface normals; the keys are those of :class:`~argus.recipes.base.Recipe`."""

    KIND: ClassVar[str] = "normals"
    DATASET: ClassVar[str] = "OwnNormals"
    DECODERS: ClassVar[Mapping[str, Decoder]] = {"upernet": _upernet_normals}
    FIELD: ClassVar[str] = "normals"

    def load(self, *, trains: bool) -> dict[str, Any]:
        """Read the normals of a sample."""
        return part("argus.datasets.transforms.LoadNormals")

    def measures(self) -> dict[str, Any]:
        """Angles between what is predicted and what is true."""
        return dict(
            metrics=part("argus.evaluation.metrics.NormalsMetric"),
            primary="mErr",
            lower_is_better=["mErr", "median"],
            report=["mErr", "median", "within_11_25", "within_22_5", "within_30"],
            units=dict(mErr="degrees", median="degrees"),
        )
