"""Everything that registers itself: the location of the registries DATASETS and TRANSFORMS.

Kept out of the package's ``__init__``, because the data sets import mmdet and mmpose (seconds),
which ``python -m argus.datasets.scenes`` does not need.
"""

from argus.datasets import (
    ade20k,
    bsds500,
    camvid,
    ccp,
    class_folders,
    coco,
    mvtec_ad,
    nyuv2,
    nyuv2_depth,
    pascal_context,
    transforms,
)
from argus.datasets.own import classes, dense, detection, loading, pose, semantic

__all__ = [
    "ade20k",
    "bsds500",
    "camvid",
    "ccp",
    "class_folders",
    "classes",
    "coco",
    "dense",
    "detection",
    "loading",
    "mvtec_ad",
    "nyuv2",
    "nyuv2_depth",
    "pascal_context",
    "pose",
    "semantic",
    "transforms",
]
