"""Semantic segmentation, and its kin: parts of people, where most of a picture is unlabelled."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from argus.recipes.base import Decoder, Recipe
from argus.recipes.base_models import base_model
from argus.recipes.parts import part
from argus.registry import RECIPES


def _upernet(recipe: "SemanticTask") -> dict[str, Any]:
    """UperNet with an auxiliary head, as on ADE20K."""
    model = base_model("upernet", traits=recipe.traits, width=512)
    recipe.settle(model, model["decode_head"], model["auxiliary_head"])
    return model


def _segformer(recipe: "SemanticTask") -> dict[str, Any]:
    """SegFormer's head: an MLP over the four maps, the smallest."""
    model = base_model("upernet", traits=recipe.traits, width=256)
    del model["auxiliary_head"]
    full = model["decode_head"]
    model["decode_head"] = part(
        "mmseg.models.SegformerHead",
        **{key: value for key, value in full.items() if key not in ("type", "pool_scales")},
    )
    model["decode_head"]["channels"] = min(256, recipe.traits.channels[0])
    recipe.settle(model, model["decode_head"])
    return model


@RECIPES.register_module()
@dataclass(kw_only=True)
class SemanticTask(Recipe):
    """The class of every pixel; the keys are those of :class:`~argus.recipes.base.Recipe`."""

    KIND: ClassVar[str] = "semantic"
    LIBRARY: ClassVar[str] = "mmseg"
    DATASET: ClassVar[str] = "OwnSemantic"
    DECODERS: ClassVar[Mapping[str, Decoder]] = {"upernet": _upernet, "segformer": _segformer}

    def settle(self, model: dict[str, Any], *heads: dict[str, Any]) -> None:
        """Set in a model of mmseg what the classes and the size decide."""
        model["data_preprocessor"].update(
            size=self.crop, test_cfg=dict(size_divisor=self.traits.size_divisor)
        )
        for head in heads:
            head["num_classes"] = len(self.names)
            # A crop may be mostly unlabelled.
            head["loss_decode"]["avg_non_ignore"] = True
        model["test_cfg"] = dict(mode="whole")

    def load(self) -> list[dict[str, Any]]:
        """Read the label map of a sample."""
        loader = "own.loading.LoadOwnMap" if self.reads_own else "transforms.LoadSegMap"
        return [part(f"argus.datasets.{loader}", num_classes=len(self.names))]

    def after_crop(self) -> list[dict[str, Any]]:
        """What is done to a label map in its final size."""
        return []

    def train_pipeline(self) -> list[dict[str, Any]]:
        """Zoomed, cut out where no class fills it, mirrored, recoloured."""
        return [
            part("argus.datasets.transforms.LoadImage"),
            *self.load(),
            part(
                "argus.datasets.transforms.JointRandomResize",
                ratio_range=(0.5, 2.0),
                scale=self.scale,
            ),
            part("argus.datasets.transforms.JointRandomCrop", size=self.crop, cat_max_ratio=0.75),
            *self.after_crop(),
            part("argus.datasets.transforms.JointRandomFlip", prob=self.flip),
            part("mmseg.datasets.transforms.PhotoMetricDistortion"),
            part("mmseg.datasets.transforms.PackSegInputs"),
        ]

    def test_pipeline(self) -> list[dict[str, Any]]:
        """Resized; the labels stay as they are, and are compared at their own size."""
        return [
            part("argus.datasets.transforms.LoadImage"),
            part("argus.datasets.transforms.JointResize", scale=self.scale, keep_ratio=True),
            *self.load(),
            *self.after_crop(),
            part("mmseg.datasets.transforms.PackSegInputs"),
        ]

    def measures(self) -> dict[str, Any]:
        """Mean intersection over union."""
        return dict(
            metrics=part("mmseg.evaluation.IoUMetric", iou_metrics=["mIoU"]),
            primary="mIoU",
            report=["mIoU", "aAcc"],
        )


@RECIPES.register_module()
@dataclass(kw_only=True)
class ParsingTask(SemanticTask):
    """Parts of people, or of what else few pictures have.

    A map of background alone, which is the first class, counts as unlabelled.
    """

    def after_crop(self) -> list[dict[str, Any]]:
        """Beside all people, background teaches nothing."""
        return [part("argus.datasets.transforms.IgnoreEmpty")]
