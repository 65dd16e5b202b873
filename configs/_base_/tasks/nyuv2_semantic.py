"""Semantic segmentation on NYUv2 (40 classes) with UperNet: mIoU 64.7 in the paper.

Data: ``data/nyuv2``, see data/README.md. The paper does not say whether it counts 40 or 13 classes;
for 13 see ``configs/stage2/nyuv2_semantic_13.py``.
"""

from mmengine.config import read_base
from mmseg.datasets.transforms import PackSegInputs
from mmseg.evaluation import IoUMetric

from argus.datasets.transforms import JointRandomCrop, LoadSegMap

with read_base():
    from ..models.nyuv2_upernet import nyuv2_upernet
    from .invpt import nyuv2_data

_num_classes = 40

nyuv2_semantic = dict(
    decoder=nyuv2_upernet,
    **nyuv2_data(
        labels=["semantic"],
        num_classes=_num_classes,
        load=[dict(type=LoadSegMap, num_classes=_num_classes)],
        # Height, width; not stated in paper: InvPT
        crop=dict(type=JointRandomCrop, size=(448, 576), cat_max_ratio=0.75),
        pack=dict(type=PackSegInputs),
    ),
    metrics=dict(type=IoUMetric, iou_metrics=["mIoU"]),
    paper=dict(mIoU=0.647),
    primary="mIoU",
    table="Paper, Table 1",
)
