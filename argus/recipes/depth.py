"""Depth in metres."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from argus.errors import ConfigError
from argus.recipes.base import Decoder
from argus.recipes.base_models import base_part
from argus.recipes.dense import DenseTask
from argus.recipes.parts import part
from argus.registry import RECIPES


def _dpt_depth(recipe: "DepthTask") -> dict[str, Any]:
    """DPT with a value for every pixel."""
    model = recipe.fitted("dpt_depth", 256)
    model["head"]["max_depth"] = recipe.max_depth
    # No output starts below zero.
    model["head"]["network"]["initial_output"] = recipe.max_depth / 5
    return model


def _dpt_bins(recipe: "DepthTask") -> dict[str, Any]:
    """DPT with the expectation over bins of depth."""
    model = recipe.fitted("dpt_depth", 256)
    head = base_part("dpt_depth", "bin_depth_head", traits=recipe.traits, width=256)
    model["head"] = {**head, "max_depth": recipe.max_depth}
    return model


@RECIPES.register_module()
@dataclass(kw_only=True)
class DepthTask(DenseTask):
    """Depth in metres.

    Args:
        max_depth: The greatest that is learned and measured, metres; what is beyond is unknown.
        unit: How many values of a label file are one metre, 1000 for millimetres; that of the data
            by default.
    """

    max_depth: float = 0.0
    unit: float | None = None

    KIND: ClassVar[str] = "depth"
    DATASET: ClassVar[str] = "OwnDepth"
    DECODERS: ClassVar[Mapping[str, Decoder]] = {"dpt": _dpt_depth, "dpt_bins": _dpt_bins}
    FIELD: ClassVar[str] = "depth"

    def check(self) -> None:
        """Look at the greatest depth, too."""
        super().check()
        for key, value in (("max_depth", self.max_depth), ("unit", self.unit)):
            if value is not None and (not isinstance(value, (int, float)) or value <= 0):
                raise ConfigError(
                    f"{self.where}.{key}: expected a number above 0, "
                    + ("e.g. 10 for rooms, 80 for streets" if key == "max_depth" else "in values")
                    + f", found {value or 'nothing'!r}."
                )

    def load(self, *, trains: bool) -> dict[str, Any]:
        """Read the depth of a sample."""
        depth_range = (0.001, self.max_depth)
        if self.reads_own:
            return part("argus.datasets.own.loading.LoadOwnDepth", depth_range=depth_range)
        scale = {} if self.unit is None else dict(scale=self.unit)
        return part("argus.datasets.transforms.LoadDepth", depth_range=depth_range, **scale)

    def dataset(self, data: str, split: str, form: str | None) -> dict[str, Any]:
        """With the unit, if it is said."""
        unit = {} if self.unit is None else dict(unit=self.unit)
        return super().dataset(data, split, form) | unit

    def zoom(self) -> dict[str, Any]:
        """As in testing: what is seen twice as large would be at half the distance."""
        return part("argus.datasets.transforms.JointResize", scale=self.scale, keep_ratio=True)

    def recolour(self) -> dict[str, Any]:
        """Change colours a little."""
        return part(
            "argus.datasets.transforms.RandomColor",
            gamma=(0.9, 1.1),
            brightness=(0.75, 1.25),
            color=(0.9, 1.1),
            prob=0.5,
        )

    def measures(self) -> dict[str, Any]:
        """Errors of depth."""
        return dict(
            metrics=part(
                "argus.evaluation.metrics.DepthMetric",
                min_depth=0.001,
                max_depth=self.max_depth,
                crop=None,
            ),
            primary="rmse",
            lower_is_better=["rmse", "abs_rel"],
            report=["rmse", "abs_rel", "delta1"],
            units=dict(rmse="m"),
        )
