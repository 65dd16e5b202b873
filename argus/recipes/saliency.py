"""What stands out of a picture."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from argus.recipes.base import Decoder
from argus.recipes.dense import DenseTask
from argus.recipes.parts import part
from argus.registry import RECIPES


def _dpt_saliency(recipe: DenseTask) -> dict[str, Any]:
    """DPT with background and foreground."""
    return recipe.fitted("dpt_saliency", 256)


@RECIPES.register_module()
@dataclass(kw_only=True)
class SaliencyTask(DenseTask):
    """What stands out; the keys are those of :class:`~argus.recipes.base.Recipe`."""

    KIND: ClassVar[str] = "saliency"
    DATASET: ClassVar[str] = "OwnSaliency"
    DECODERS: ClassVar[Mapping[str, Decoder]] = {"dpt": _dpt_saliency}
    FIELD: ClassVar[str] = "saliency"

    def load(self, *, trains: bool) -> dict[str, Any]:
        """Read the saliency of a sample."""
        if self.reads_own:
            return part("argus.datasets.own.loading.LoadOwnSaliency")
        return part("argus.datasets.transforms.LoadSaliency", threshold=127)

    def measures(self) -> dict[str, Any]:
        """F-measure and mean error."""
        return dict(
            metrics=part("argus.evaluation.metrics.SaliencyMetric"),
            primary="maxF",
            lower_is_better=["MAE"],
            report=["maxF", "mF", "MAE"],
        )
