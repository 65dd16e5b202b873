"""Saliency on PASCAL-Context with DPT: maxF 97.2 in the paper.

Data: ``data/pascal_mt``, see data/README.md. 4,998 training and 5,105 test images with distilled
labels; 40,000 steps of 16 images are 128 epochs. The paper does not state its protocol: maxF of the
three in use and the class-mean F are reported, see ``SaliencyMetric``.
"""

from mmengine.config import read_base
from mmseg.datasets.transforms import PhotoMetricDistortion

from argus.datasets.pascal_context import PascalContext
from argus.datasets.transforms import (
    JointRandomCrop,
    JointRandomFlip,
    JointRandomResize,
    LoadImage,
    LoadSaliency,
    PackDense,
)
from argus.evaluation.metrics import SaliencyMetric

with read_base():
    from ..models.dpt_saliency import dpt_saliency

_data_root = "data/pascal_mt"
_crop_size = (512, 512)  # not stated in paper: InvPT

_train_pipeline = [
    dict(type=LoadImage),
    dict(type=LoadSaliency, threshold=127),  # not stated in paper: InvPT
    dict(type=JointRandomResize, ratio_range=(0.5, 2.0)),  # not stated in paper: InvPT
    # InvPT also bounds the share of one semantic class; their labels are not read here.
    dict(type=JointRandomCrop, size=_crop_size),
    dict(type=JointRandomFlip, prob=0.5),  # not stated in paper: InvPT
    dict(type=PhotoMetricDistortion),  # not stated in paper: InvPT
    dict(type=PackDense, fields=["saliency"]),
]
_test_pipeline = [
    dict(type=LoadImage),
    dict(type=LoadSaliency, threshold=127),  # not stated in paper: InvPT
    dict(type=PackDense, fields=["saliency"]),
]

pascal_saliency = dict(
    decoder=dpt_saliency,
    train=dict(
        dataset=dict(
            type=PascalContext,
            data_root=_data_root,
            ann_file="ImageSets/train.txt",
            labels=["saliency"],
            pipeline=_train_pipeline,
        ),
        batch_size=2,  # not stated in paper: 16 on 8 GPUs; InvPT 8
        num_workers=4,
        sampling="shuffle",
    ),
    val=dict(
        dataset=dict(
            type=PascalContext,
            data_root=_data_root,
            ann_file="ImageSets/val.txt",
            labels=["saliency"],
            test_mode=True,
            pipeline=_test_pipeline,
        ),
        batch_size=1,  # not stated in paper; does not change the result
        num_workers=2,
    ),
    metrics=dict(type=SaliencyMetric),
    loss_weight=1.0,  # not stated in paper: no other task trains what this one does
    paper=dict(maxF=0.972),
    primary="maxF",
    lower_is_better=["MAE"],
    # not stated in paper: maxF alone
    report=["maxF", "maxF_sigmoid", "maxF_image", "mF", "MAE", "S_measure", "E_max"],
    table="Paper, Table 2",
    licence="PASCAL VOC: images under the terms of Flickr; labels of ASTMT: CC BY-NC 4.0",
)
