"""Keypoints: named points of every object, found within its box (top-down)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from argus.errors import ConfigError
from argus.recipes.base import Decoder, Recipe
from argus.recipes.base_models import base_model
from argus.recipes.parts import part
from argus.registry import RECIPES

_STRIDE = 4  # of the heatmaps


def _dpt(recipe: "KeypointsTask") -> dict[str, Any]:
    """Heatmaps of a DPT, as for the people of COCO."""
    model = base_model("dpt_keypoint", traits=recipe.traits, width=256)
    model["head"].update(out_channels=recipe.num_keypoints, decoder=recipe.codec)
    model["test_cfg"]["flip_test"] = recipe.flip > 0
    return model


@RECIPES.register_module()
@dataclass(kw_only=True)
class KeypointsTask(Recipe):
    """Points of objects of one class; ``size`` is that of an object's crop, (height, width)."""

    size: Any = (256, 192)

    KIND: ClassVar[str] = "keypoints"
    LIBRARY: ClassVar[str] = "mmpose"
    DATASET: ClassVar[str] = "OwnPose"
    BATCH: ClassVar[tuple[int, int]] = (16, 32)
    DECODERS: ClassVar[Mapping[str, Decoder]] = {"dpt": _dpt}
    LABELLED: ClassVar[bool] = False

    @cached_property
    def num_keypoints(self) -> int:
        """How many points an object has, by the data set that is written out, or the data.

        Raises:
            ConfigError: Neither says it.
        """
        from argus.datasets.own import keypoint_names
        from argus.tasks.stated_labels import stated_labels

        dataset = (self.train or self.val or {}).get("dataset") or {}
        if "type" in dataset:
            stated = stated_labels(dataset, (self.LIBRARY,))
            if stated is None:
                raise ConfigError(
                    f"{self.where}.train.dataset: expected metainfo with the keypoints, found none."
                )
            return stated.number
        data, form, _ = self.of_part("train")
        with self.of_data():
            return len(keypoint_names(data, form))

    def dataset(self, data: str, split: str, form: str | None) -> dict[str, Any]:
        """With the keypoints as metainfo: a model knows them where the data are not."""
        from argus.datasets.own.pose import keypoint_metainfo

        with self.of_data():
            metainfo = keypoint_metainfo(data, form)
        return super().dataset(data, split, form) | dict(metainfo=metainfo)

    @property
    def codec(self) -> dict[str, Any]:
        """Points as heatmaps at stride 4, 2 pixels of them wide at 256 x 192."""
        height, width = self.crop
        return part(
            "mmpose.codecs.UDPHeatmap",
            input_size=(width, height),
            heatmap_size=(width // _STRIDE, height // _STRIDE),
            sigma=max(1.0, height / 128),
        )

    def affine(self) -> dict[str, Any]:
        """Cut out the box of an object, upright and in the size of the decoder's input."""
        return part(
            "mmpose.datasets.transforms.TopdownAffine", input_size=self.crop[::-1], use_udp=True
        )

    def train_pipeline(self) -> list[dict[str, Any]]:
        """The box of an object, mirrored, larger or smaller, turned."""
        return [
            part("argus.datasets.transforms.LoadImage"),
            part("mmpose.datasets.transforms.GetBBoxCenterScale"),
            part("mmpose.datasets.transforms.RandomFlip", prob=self.flip, direction="horizontal"),
            part("argus.datasets.transforms.BoxJitter", scale=0.35, degrees=30.0, rotate_prob=0.6),
            self.affine(),
            part("mmpose.datasets.transforms.GenerateTarget", encoder=self.codec),
            part("mmpose.datasets.transforms.PackPoseInputs"),
        ]

    def test_pipeline(self) -> list[dict[str, Any]]:
        """The box of an object."""
        return [
            part("argus.datasets.transforms.LoadImage"),
            part("mmpose.datasets.transforms.GetBBoxCenterScale"),
            self.affine(),
            part("mmpose.datasets.transforms.PackPoseInputs"),
        ]

    def measures(self) -> dict[str, Any]:
        """Average precision by the similarity of the points."""
        return dict(
            metrics=part("mmpose.evaluation.metrics.CocoMetric", nms_mode="none"),
            primary="AP",
            report=["AP", "AP_50", "AR"],
            loss_weight=1000.0,  # the squared error of a heatmap is about 0.001
        )
