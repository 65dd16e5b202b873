"""Instance segmentation: box and mask of every object."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from argus.recipes.base import Decoder
from argus.recipes.base_models import base_model, num_groups
from argus.recipes.detectors import DetectorTask, mask_rcnn
from argus.recipes.panoptic import settle_mask2former
from argus.registry import RECIPES


def _mask_dino(recipe: DetectorTask) -> dict[str, Any]:
    """Mask DINO: the most precise, from many pictures and steps."""
    model = base_model("mask_dino", traits=recipe.traits, width=256)
    model["num_things_classes"] = len(recipe.names)
    encoder = model["pixel_encoder"]
    encoder["norm_groups"] = num_groups(encoder["embed_dim"])
    return model


def _mask2former(recipe: DetectorTask) -> dict[str, Any]:
    """Mask2Former: masks alone are learned, boxes are those around them."""
    model = base_model("mask2former_instance", traits=recipe.traits, width=256)
    settle_mask2former(model, things=len(recipe.names), stuff=0)
    return model


@RECIPES.register_module()
@dataclass(kw_only=True)
class InstanceTask(DetectorTask):
    """Boxes and masks; the keys are those of :class:`~argus.recipes.base.Recipe`."""

    KIND: ClassVar[str] = "instance"
    DATASET: ClassVar[str] = "OwnInstances"
    MASKS: ClassVar[bool] = True
    DECODERS: ClassVar[Mapping[str, Decoder]] = {
        "mask_rcnn": mask_rcnn,
        "mask_dino": _mask_dino,
        "mask2former": _mask2former,
    }
