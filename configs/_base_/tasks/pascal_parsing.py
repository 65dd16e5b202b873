"""Human parsing on PASCAL-Context (6 parts and background) with UperNet: mIoU 77.8 in the paper.

Data: ``data/pascal_mt``, see data/README.md. Of 4,998 training and 5,105 test images those with
people, which alone have this label.
"""

from mmengine.config import read_base
from mmseg.datasets.transforms import PackSegInputs
from mmseg.evaluation import IoUMetric

from argus.datasets.transforms import IgnoreEmpty, JointRandomCrop, LoadSegMap

with read_base():
    from ..models.upernet_parsing import upernet_parsing
    from .invpt import pascal_data

_num_classes = 7

pascal_parsing = dict(
    decoder=upernet_parsing,
    **pascal_data(
        labels=["parsing"],
        load=[dict(type=LoadSegMap, num_classes=_num_classes)],
        # not stated in paper: InvPT, which bounds the shares of its semantic classes instead
        crop=dict(type=JointRandomCrop, size=(512, 512), cat_max_ratio=0.75),
        after_crop=[dict(type=IgnoreEmpty)],  # not stated in paper: InvPT
        pack=dict(type=PackSegInputs),
    ),
    metrics=dict(type=IoUMetric, iou_metrics=["mIoU"]),
    paper=dict(mIoU=0.778),
    primary="mIoU",
    table="Paper, Table 2",
    licence="PASCAL VOC: images under the terms of Flickr; PASCAL-Part: none stated",
)
