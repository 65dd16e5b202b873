"""Human parsing of generated scenes, six body parts, with a small UperNet."""

from mmengine.config import read_base
from mmseg.datasets.transforms import PackSegInputs
from mmseg.evaluation import IoUMetric

from argus.datasets.transforms import LoadSegMap

with read_base():
    from .dense import people
    from .upernet import upernet

parsing = dict(
    decoder=upernet([1.0, 3.0, 3.0, 5.0, 5.0, 5.0, 5.0]),  # limbs are a few pixels wide
    **people("parsing", dict(type=LoadSegMap, num_classes=7), dict(type=PackSegInputs)),
    metrics=dict(type=IoUMetric, iou_metrics=["mIoU"]),
    primary="mIoU",
    report=["mIoU"],
)
