"""Transforms that mmdet, mmseg, mmpose and mmpretrain lack; importing this registers them."""

from argus.datasets.transforms.labels import CheckLabel, LoadSegMap
from argus.datasets.transforms.loading import LoadImage
from argus.datasets.transforms.pack_tasks import PackTasks

__all__ = ["CheckLabel", "LoadImage", "LoadSegMap", "PackTasks"]
