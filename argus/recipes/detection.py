"""Detection: a box around every object."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from argus.recipes.base import Decoder
from argus.recipes.base_models import base_model
from argus.recipes.detectors import DetectorTask, mask_rcnn, set_num_classes
from argus.recipes.parts import part
from argus.registry import RECIPES


def _faster_rcnn(recipe: DetectorTask) -> dict[str, Any]:
    """Mask R-CNN without masks. It learns from few pictures, and in few steps."""
    model = mask_rcnn(recipe)
    model.update(part("mmdet.models.detectors.FasterRCNN"))
    model["data_preprocessor"]["pad_mask"] = False
    for key in ("mask_roi_extractor", "mask_head"):
        del model["roi_head"][key]
    del model["train_cfg"]["rcnn"]["mask_size"]
    del model["test_cfg"]["rcnn"]["mask_thr_binary"]
    return model


def _co_detr(recipe: DetectorTask) -> dict[str, Any]:
    """Co-DETR: the most precise, from many pictures and steps."""
    model = base_model("co_detr", traits=recipe.traits, width=256)
    set_num_classes(model, len(recipe.names))
    return model


@RECIPES.register_module()
@dataclass(kw_only=True)
class DetectionTask(DetectorTask):
    """Boxes; the keys are those of :class:`~argus.recipes.base.Recipe`."""

    KIND: ClassVar[str] = "detection"
    DATASET: ClassVar[str] = "OwnDetection"
    MASKS: ClassVar[bool] = False
    DECODERS: ClassVar[Mapping[str, Decoder]] = {"faster_rcnn": _faster_rcnn, "co_detr": _co_detr}
