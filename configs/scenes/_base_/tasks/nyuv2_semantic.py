"""Semantic segmentation of generated rooms in NYUv2's layout, ten classes, with a small UperNet."""

from mmengine.config import read_base
from mmseg.datasets.transforms import PackSegInputs

from argus.datasets.scenes.classes import SEMANTIC_CLASSES, SEMANTIC_PALETTE
from argus.datasets.transforms import LoadSegMap

with read_base():
    from .dense import rooms
    from .semantic import semantic as _semantic

nyuv2_semantic = dict(
    decoder=_semantic["decoder"],
    **rooms(
        "semantic",
        dict(type=LoadSegMap, num_classes=10),
        dict(type=PackSegInputs),
        metainfo=dict(classes=SEMANTIC_CLASSES, palette=SEMANTIC_PALETTE),
    ),
    metrics=_semantic["metrics"],
    primary="mIoU",
    report=["mIoU", "aAcc"],
)
