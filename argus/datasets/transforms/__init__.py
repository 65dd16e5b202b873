"""Transforms that mmdet, mmseg, mmpose and mmpretrain lack; importing this registers them."""

from argus.datasets.transforms.binary_labels import LoadAnomalyMask, LoadBoundary, LoadSaliency
from argus.datasets.transforms.boundary_people import LoadBoundaryPeople
from argus.datasets.transforms.box_jitter import BoxJitter
from argus.datasets.transforms.color import RandomColor
from argus.datasets.transforms.dense_labels import LoadDepth, LoadNormals
from argus.datasets.transforms.distortion import PhotoMetricDistortion
from argus.datasets.transforms.if_present import IfPresent
from argus.datasets.transforms.ignore_empty import IgnoreEmpty
from argus.datasets.transforms.instances import LoadInstances, PackInstances
from argus.datasets.transforms.joint_crop import JointCrop, JointRandomCrop
from argus.datasets.transforms.joint_flip import JointRandomFlip
from argus.datasets.transforms.joint_resize import JointRandomResize, JointResize
from argus.datasets.transforms.joint_rotate import JointRandomRotate
from argus.datasets.transforms.labels import CheckLabel, LoadSegMap
from argus.datasets.transforms.loading import LoadImage
from argus.datasets.transforms.pack_dense import PackDense
from argus.datasets.transforms.pack_tasks import PackTasks
from argus.datasets.transforms.panoptic import (
    LoadPanoptic,
    PackPanoptic,
    PackPanopticMap,
    PackThings,
)
from argus.datasets.transforms.resized_crop import LoadResizedCrop
from argus.datasets.transforms.synthetic_anomaly import SyntheticAnomaly

__all__ = [
    "BoxJitter",
    "CheckLabel",
    "IfPresent",
    "IgnoreEmpty",
    "JointCrop",
    "JointRandomCrop",
    "JointRandomFlip",
    "JointRandomResize",
    "JointRandomRotate",
    "JointResize",
    "LoadAnomalyMask",
    "LoadBoundary",
    "LoadBoundaryPeople",
    "LoadDepth",
    "LoadImage",
    "LoadInstances",
    "LoadNormals",
    "LoadPanoptic",
    "LoadResizedCrop",
    "LoadSaliency",
    "LoadSegMap",
    "PackDense",
    "PackInstances",
    "PackPanoptic",
    "PackPanopticMap",
    "PackTasks",
    "PackThings",
    "PhotoMetricDistortion",
    "RandomColor",
    "SyntheticAnomaly",
]
