"""Clothing Co-Parsing, 59 labels, with the UperNet of the other semantic task.

Data: ``data/small/ccp``, see data/README.md. 800 training and 204 test photos, long side 400 px, a
split of our own: by number. The mIoU is over all 59 labels, of which many are rare.
"""

from mmcv.transforms import RandomFlip, RandomResize, Resize
from mmengine.config import read_base
from mmseg.datasets.transforms import PackSegInputs, PhotoMetricDistortion, RandomCrop
from mmseg.evaluation import IoUMetric

from argus.datasets.ccp import ClothingCoParsing
from argus.datasets.transforms import LoadImage, LoadSegMap

with read_base():
    from .camvid_semantic import camvid_semantic as _camvid

_data_root = "data/small/ccp"
_num_classes = 59
_scale = (416, 288)
_crop_size = (256, 256)

_decoder = _camvid["decoder"]
for _head in (_decoder["decode_head"], _decoder["auxiliary_head"]):
    _head["num_classes"] = _num_classes

ccp_parsing = dict(
    decoder=_decoder,
    train=dict(
        dataset=dict(
            type=ClothingCoParsing,
            data_root=_data_root,
            data_prefix=dict(img_path="images/train", seg_map_path="labels/train"),
            pipeline=[
                dict(type=LoadImage),
                dict(type=LoadSegMap, num_classes=_num_classes),
                dict(
                    type=RandomResize,
                    resize_type=Resize,
                    scale=_scale,
                    ratio_range=(0.75, 1.5),
                    keep_ratio=True,
                ),
                dict(type=RandomCrop, crop_size=_crop_size, cat_max_ratio=0.75),
                dict(type=RandomFlip, prob=0.5),
                dict(type=PhotoMetricDistortion),
                dict(type=PackSegInputs),
            ],
        ),
        batch_size=4,
        num_workers=1,
        sampling="shuffle",
    ),
    val=dict(
        dataset=dict(
            type=ClothingCoParsing,
            data_root=_data_root,
            data_prefix=dict(img_path="images/val", seg_map_path="labels/val"),
            test_mode=True,
            pipeline=[
                dict(type=LoadImage),
                dict(type=Resize, scale=_scale, keep_ratio=True),
                # After Resize: the metric compares at the original size.
                dict(type=LoadSegMap, num_classes=_num_classes),
                dict(type=PackSegInputs),
            ],
        ),
        batch_size=1,
        num_workers=1,
    ),
    metrics=dict(type=IoUMetric, iou_metrics=["mIoU"]),
    loss_weight=1.0,
    lr_mult=3.0,
    primary="mIoU",
    report=["mIoU", "aAcc"],
    licence="Clothing Co-Parsing: its repository is under Apache-2.0",
)
