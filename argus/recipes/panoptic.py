"""Panoptic segmentation: the class of every pixel, and of things which one."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from argus.errors import ConfigError
from argus.recipes.base import Decoder, Recipe
from argus.recipes.base_models import base_model
from argus.recipes.parts import part
from argus.registry import RECIPES

_NOTHING = 0.1  # weight of "no object" in the loss of the classes; Mask2Former


def settle_mask2former(model: dict[str, Any], *, things: int, stuff: int) -> None:
    """Set the numbers of classes."""
    for key in ("panoptic_head", "panoptic_fusion_head"):
        model[key].update(num_things_classes=things, num_stuff_classes=stuff)
    model["panoptic_head"]["loss_cls"]["class_weight"] = [1.0] * (things + stuff) + [_NOTHING]


def _mask2former(recipe: "PanopticTask") -> dict[str, Any]:
    """Mask2Former, as on ADE20K."""
    model = base_model("mask2former_panoptic", traits=recipe.traits, width=256)
    settle_mask2former(model, things=recipe.num_things, stuff=recipe.num_stuff)
    return model


@RECIPES.register_module()
@dataclass(kw_only=True)
class PanopticTask(Recipe):
    """Things and stuff.

    Args:
        things: Those of the classes of which each object counts; they come first among the classes.
            Those of the data by default.
    """

    things: Sequence[str] = dataclasses.field(default=())

    KIND: ClassVar[str] = "panoptic"
    LIBRARY: ClassVar[str] = "mmdet"
    DATASET: ClassVar[str] = "OwnPanoptic"
    BATCH: ClassVar[tuple[int, int]] = (2, 2)
    DECODERS: ClassVar[Mapping[str, Decoder]] = {"mask2former": _mask2former}

    def check(self) -> None:
        """Look at the things, too."""
        super().check()
        self.check_names("things", self.things)
        if not self.things and self.reads_own:
            from argus.datasets.own import thing_names

            data, form, _ = self.of_part("train")
            with self.of_data():
                known = thing_names(data, form)
            self.things = tuple(name for name in self.names if name in known)
        if not self.things:
            raise ConfigError(
                f"{self.where}.things: expected the names of the classes of which each object "
                f"counts, of {list(self.names)}."
            )
        if tuple(self.names[: len(self.things)]) != tuple(self.things):
            raise ConfigError(
                f"{self.where}.things: expected the first of {self.where}.classes, which are "
                f"{list(self.names)}, found {list(self.things)}."
            )

    @property
    def num_things(self) -> int:
        """How many classes are things."""
        return len(self.things)

    @property
    def num_stuff(self) -> int:
        """How many are not."""
        return len(self.names) - len(self.things)

    def load(self) -> dict[str, Any]:
        """Read the segments of a sample."""
        return part("argus.datasets.transforms.LoadPanoptic", num_classes=len(self.names))

    def train_pipeline(self) -> list[dict[str, Any]]:
        """Zoomed, cut out, recoloured, mirrored."""
        return [
            part("argus.datasets.transforms.LoadImage"),
            self.load(),
            part(
                "argus.datasets.transforms.JointRandomResize",
                ratio_range=(0.5, 2.0),
                scale=self.scale,
            ),
            part("argus.datasets.transforms.JointRandomCrop", size=self.crop),
            part("mmseg.datasets.transforms.PhotoMetricDistortion"),
            part("argus.datasets.transforms.JointRandomFlip", prob=self.flip),
            part("argus.datasets.transforms.PackPanoptic"),
        ]

    def test_pipeline(self) -> list[dict[str, Any]]:
        """Resized; the labels stay as they are, and are compared at their own size."""
        return [
            part("argus.datasets.transforms.LoadImage"),
            part("argus.datasets.transforms.JointResize", scale=self.scale, keep_ratio=True),
            self.load(),
            part("argus.datasets.transforms.PackPanopticMap"),
        ]

    def measures(self) -> dict[str, Any]:
        """Panoptic quality."""
        return dict(
            metrics=part(
                "argus.evaluation.metrics.PanopticQuality",
                num_things_classes=self.num_things,
                num_stuff_classes=self.num_stuff,
            ),
            primary="PQ",
            report=["PQ", "PQ_th", "PQ_st"],
        )
