"""Anomalies: what differs from pictures without a defect, which alone are trained on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from argus.recipes.base import Decoder, Recipe
from argus.recipes.base_models import base_model
from argus.recipes.parts import part
from argus.registry import RECIPES


def _draem(recipe: "AnomalyTask") -> dict[str, Any]:
    """DRAEM's: learns to find what is painted over flawless pictures."""
    model = base_model("draem", traits=recipe.traits, width=256)
    model["categories"] = recipe.names
    return model


def _simplenet(recipe: "AnomalyTask") -> dict[str, Any]:
    """SimpleNet's: tells the features of flawless patches from the same with noise."""
    model = base_model("simplenet", traits=recipe.traits, width=768)
    model["categories"] = recipe.names
    model["head"]["hidden_channels"] = min(1024, recipe.traits.channels[0] * 4 // 3)
    return model


@RECIPES.register_module()
@dataclass(kw_only=True)
class AnomalyTask(Recipe):
    """Defects of one or more kinds of objects.

    ``classes`` are the kinds of objects (``categories`` of MVTec AD), each with a head of its own;
    kinds of defects need no names. Pictures are resized to ``size``, whatever their shape.
    """

    size: Any = 256

    KIND: ClassVar[str] = "anomaly"
    DATASET: ClassVar[str] = "OwnAnomaly"
    BATCH: ClassVar[tuple[int, int]] = (8, 8)
    DECODERS: ClassVar[Mapping[str, Decoder]] = {"draem": _draem, "simplenet": _simplenet}

    def resize(self) -> dict[str, Any]:
        """To the size that is trained on."""
        return part("argus.datasets.transforms.JointResize", scale=self.crop[::-1])

    def train_pipeline(self) -> list[dict[str, Any]]:
        """Resized; for DRAEM with a defect painted on."""
        paints = self.decoder_name != "simplenet"
        return [
            part("argus.datasets.transforms.LoadImage"),
            self.resize(),
            *([part("argus.datasets.transforms.SyntheticAnomaly", prob=0.5)] if paints else []),
            part("argus.datasets.transforms.PackDense", fields=["anomaly_map"] * paints),
        ]

    def test_pipeline(self) -> list[dict[str, Any]]:
        """Resized; masks stay as they are, and are compared at their own size."""
        return [
            part("argus.datasets.transforms.LoadImage"),
            self.resize(),
            part("argus.datasets.transforms.LoadAnomalyMask"),
            part("argus.datasets.transforms.PackDense", fields=["anomaly_map"]),
        ]

    def measures(self) -> dict[str, Any]:
        """How well pictures and pixels with a defect are told from those without."""
        return dict(
            metrics=[
                part("argus.evaluation.metrics.AnomalyImageMetric"),
                part("argus.evaluation.metrics.AnomalyPixelMetric", categories=self.names),
            ],
            primary="I_AUROC",
            report=["I_AUROC", "P_AUROC", "PRO"],
        )
