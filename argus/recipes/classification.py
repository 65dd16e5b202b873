"""Classes of whole pictures: one of several, or any number of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from argus.recipes.base import Decoder, Recipe
from argus.recipes.base_models import base_model
from argus.recipes.parts import part
from argus.registry import RECIPES

_HEAD_WIDTH = 64  # channels of a head of attention, as in the ViTs


def _attentive_pool(recipe: "ClassificationTask") -> dict[str, Any]:
    """Attention over all four maps, then a linear layer."""
    model = base_model("attentive_pool", traits=recipe.traits, width=768)
    channels = recipe.traits.channels[0]
    heads = range(max(1, channels // _HEAD_WIDTH), 0, -1)
    model["neck"]["num_heads"] = next(number for number in heads if channels % number == 0)
    recipe.settle(model)
    return model


def _linear(recipe: "ClassificationTask") -> dict[str, Any]:
    """A linear layer on the mean of the coarsest map: the fastest."""
    model = base_model("attentive_pool", traits=recipe.traits, width=768)
    model["neck"] = part("mmpretrain.models.GlobalAveragePooling")
    recipe.settle(model)
    return model


@RECIPES.register_module()
@dataclass(kw_only=True)
class ClassificationTask(Recipe):
    """One class for every picture; the keys are those of :class:`~argus.recipes.base.Recipe`."""

    size: Any = 224

    KIND: ClassVar[str] = "classification"
    LIBRARY: ClassVar[str] = "mmpretrain"
    DATASET: ClassVar[str] = "OwnClasses"
    BATCH: ClassVar[tuple[int, int]] = (32, 32)
    DECODERS: ClassVar[Mapping[str, Decoder]] = {
        "attentive_pool": _attentive_pool,
        "linear": _linear,
    }

    def settle(self, model: dict[str, Any]) -> None:
        """Set in a classifier of mmpretrain what the classes decide."""
        model["data_preprocessor"]["num_classes"] = len(self.names)
        model["head"].update(num_classes=len(self.names), loss=self.loss())

    def loss(self) -> dict[str, Any]:
        """Of the scores."""
        return part("mmpretrain.models.LabelSmoothLoss", label_smooth_val=0.1, mode="original")

    def load(self) -> list[dict[str, Any]]:
        """Read a picture and look at its label."""
        return [
            part("argus.datasets.transforms.LoadImage"),
            part("argus.datasets.transforms.CheckLabel", num_classes=len(self.names)),
        ]

    def train_pipeline(self) -> list[dict[str, Any]]:
        """A part of the picture, at least a third, mirrored."""
        return [
            *self.load(),
            part(
                "mmpretrain.datasets.RandomResizedCrop",
                scale=self.crop[::-1],
                crop_ratio_range=(0.35, 1.0),
                backend="pillow",
                interpolation="bicubic",
            ),
            part("mmcv.transforms.RandomFlip", prob=self.flip, direction="horizontal"),
            part("mmpretrain.datasets.PackInputs"),
        ]

    def test_pipeline(self) -> list[dict[str, Any]]:
        """The middle of the picture."""
        height, width = self.crop
        return [
            *self.load(),
            part(
                "mmpretrain.datasets.ResizeEdge",
                scale=max(height, width) * 8 // 7,
                edge="short",
                backend="pillow",
                interpolation="bicubic",
            ),
            part("mmpretrain.datasets.CenterCrop", crop_size=(width, height)),
            part("mmpretrain.datasets.PackInputs"),
        ]

    def measures(self) -> dict[str, Any]:
        """The share of pictures whose class is found."""
        return dict(
            metrics=part("mmpretrain.evaluation.Accuracy", topk=(1,)),
            primary="top1",
            report=["top1"],
        )


@RECIPES.register_module()
@dataclass(kw_only=True)
class TagsTask(ClassificationTask):
    """Any number of classes for every picture (multi-label)."""

    KIND: ClassVar[str] = "tags"
    DATASET: ClassVar[str] = "OwnTags"

    def settle(self, model: dict[str, Any]) -> None:
        """Set in a classifier of mmpretrain what the classes decide."""
        super().settle(model)
        model["head"].update(part("mmpretrain.models.MultiLabelLinearClsHead"))

    def loss(self) -> dict[str, Any]:
        """Every class for itself."""
        return part("mmpretrain.models.CrossEntropyLoss", use_sigmoid=True)

    def load(self) -> list[dict[str, Any]]:
        """Read a picture."""
        return [part("argus.datasets.transforms.LoadImage")]

    def measures(self) -> dict[str, Any]:
        """Mean average precision over the classes."""
        return dict(
            metrics=[
                part("mmpretrain.evaluation.AveragePrecision"),
                part("mmpretrain.evaluation.MultiLabelMetric"),
            ],
            primary="mAP",
            report=["mAP", "precision", "recall", "f1-score"],
        )
