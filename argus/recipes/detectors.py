"""What detection and instance segmentation share: mmdet's pictures, and COCO's AP."""

from dataclasses import dataclass
from typing import Any, ClassVar

from argus.recipes.base import Recipe
from argus.recipes.base_models import base_model, num_groups
from argus.recipes.parts import part

# What a prediction is scaled back by, and the truth that it is compared with.
_META_KEYS = (
    *("img_id", "img_path", "ori_shape", "img_shape", "scale_factor"),
    *("instances", "height", "width"),
)


@dataclass(kw_only=True)
class DetectorTask(Recipe):
    """Base of the kinds that find objects."""

    LIBRARY: ClassVar[str] = "mmdet"
    BATCH: ClassVar[tuple[int, int]] = (2, 2)
    MASKS: ClassVar[bool]
    """Whether objects have masks."""

    def load(self) -> list[dict[str, Any]]:
        """Read the objects of a sample."""
        return [
            part("argus.datasets.transforms.LoadInstances", with_bbox=True, with_mask=self.MASKS),
            part("argus.datasets.transforms.CheckLabel", num_classes=len(self.names)),
        ]

    def train_pipeline(self) -> list[dict[str, Any]]:
        """Mirrored, zoomed and cut out; objects of which the crop leaves nothing are dropped."""
        return [
            part("argus.datasets.transforms.LoadImage"),
            *self.load(),
            part("mmdet.datasets.transforms.RandomFlip", prob=self.flip),
            part(
                "mmcv.transforms.RandomResize",
                resize_type=part("mmdet.datasets.transforms.Resize")["type"],
                scale=self.scale,
                ratio_range=(0.5, 1.5),
                keep_ratio=True,
            ),
            part(
                "mmdet.datasets.transforms.RandomCrop",
                crop_size=self.crop,
                crop_type="absolute",
                recompute_bbox=self.MASKS,
                allow_negative_crop=True,
            ),
            part(
                "mmdet.datasets.transforms.FilterAnnotations",
                min_gt_bbox_wh=(1e-5, 1e-5),
                by_mask=self.MASKS,
                keep_empty=False,
            ),
            part("argus.datasets.transforms.PackInstances"),
        ]

    def test_pipeline(self) -> list[dict[str, Any]]:
        """Resized; the labels stay as they are, and are compared at their own size."""
        return [
            part("argus.datasets.transforms.LoadImage"),
            part("mmdet.datasets.transforms.Resize", scale=self.scale, keep_ratio=True),
            *self.load(),
            part("argus.datasets.transforms.PackInstances", meta_keys=_META_KEYS),
        ]

    def measures(self) -> dict[str, Any]:
        """Average precision; the truth is that of the data set."""
        kinds = ["bbox", "segm"] if self.MASKS else ["bbox"]
        return dict(
            metrics=part("mmdet.evaluation.CocoMetric", metric=kinds),
            primary="bbox_mAP",
            report=[f"{kind}_mAP{bar}" for kind in kinds for bar in ("", "_50")],
        )


def set_num_classes(value: Any, number: int) -> None:
    """Give every head of a detector its number of classes."""
    if isinstance(value, dict):
        if "num_classes" in value:
            value["num_classes"] = number
        for item in value.values():
            set_num_classes(item, number)


def mask_rcnn(recipe: DetectorTask) -> dict[str, Any]:
    """Mask R-CNN, as mmdet has it, with norms in its neck and mask head.

    mmdet's stands on maps that were trained with such heads. On others, and at the rates at which
    they are learned, its maps grow until the layers on them are 0 for every picture.
    """
    model = base_model("mask_rcnn", traits=recipe.traits, width=256)
    mask_head = model["roi_head"]["mask_head"]
    for layers, width in ((model["neck"], "out_channels"), (mask_head, "conv_out_channels")):
        layers["norm_cfg"] = dict(type="GN", num_groups=num_groups(layers[width]))
    set_num_classes(model["roi_head"], len(recipe.names))
    return model
