# ruff: noqa: F403, F405  (a config, see pyproject.toml)
"""Eight real pictures per task, learned by heart by a small model.

Data sets, metrics and decoders are those of ``configs/_base_/tasks``, the decoders narrower; the
pictures are small, and what is trained on is measured. ``test_overfit.py`` lays the pictures out
and points the data roots at them.
"""

from mmcv.transforms import Resize as SegResize
from mmdet.datasets.transforms import LoadAnnotations, PackDetInputs, Resize
from mmdet.models.data_preprocessors import DetDataPreprocessor
from mmengine.config import read_base
from mmengine.optim import CosineAnnealingLR, LinearLR
from mmpose.codecs import UDPHeatmap
from mmpose.datasets.transforms import (
    GenerateTarget,
    GetBBoxCenterScale,
    PackPoseInputs,
    TopdownAffine,
)
from mmpretrain.datasets import CenterCrop, PackInputs, ResizeEdge
from mmseg.datasets.transforms import PackSegInputs
from mmseg.models import SegDataPreProcessor
from torch.optim import AdamW

from argus.datasets.transforms import CheckLabel, LoadImage, LoadSegMap
from argus.engine import EMAHook
from argus.models.backbones import DinoVisionTransformer, ViTAdapter

with read_base():
    from ...configs._base_.default_runtime import *
    from ...configs._base_.tasks.ade20k_semantic import ade20k_semantic as semantic
    from ...configs._base_.tasks.coco_instance import coco_instance as instance
    from ...configs._base_.tasks.coco_keypoints import coco_keypoints as keypoints
    from ...configs._base_.tasks.imagenet_classification import (
        imagenet_classification as classification,
    )

_channels = 96
_norm = dict(type="GN", num_groups=8)
_normalise = dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], bgr_to_rgb=True)
_max_iters = 1000

backbone = dict(
    type=ViTAdapter,
    vit=dict(
        type=DinoVisionTransformer,
        arch=dict(embed_dim=_channels, depth=4, num_heads=3),
        img_size=112,
        weights="random",
    ),
    num_interactions=2,
    num_extra_extractors=1,
    conv_inplane=32,
    norm_groups=8,
    freeze_vit=False,
)

# Detection and instance segmentation: 256 x 192 or so, no augmentation.
_instance_size = (256, 256)
instance["decoder"]["data_preprocessor"] = dict(
    type=DetDataPreprocessor, **_normalise, pad_mask=True, pad_size_divisor=32
)
instance["decoder"]["pixel_encoder"].update(
    in_channels=[_channels] * 4,
    embed_dim=_channels,
    mask_dim=_channels,
    num_layers=1,
    num_heads=4,
    ffn_dim=192,
)
instance["decoder"]["head"].update(
    num_queries=30,
    num_layers=3,
    num_heads=4,
    ffn_dim=192,
    num_denoising=30,
    label_noise=1.0,
    box_start="token",
    base_box_size=0.2,
)
instance["decoder"]["criterion"].update(num_points=None, class_weight=10.0, selection_repeats=4)
instance["decoder"]["test_cfg"].update(max_per_image=30)
instance["train"]["dataset"]["pipeline"] = [
    dict(type=LoadImage),
    dict(type=LoadAnnotations, with_bbox=True, with_mask=True),
    dict(type=Resize, scale=_instance_size, keep_ratio=True),
    dict(type=PackDetInputs),
]
instance["val"]["dataset"]["pipeline"] = [
    dict(type=LoadImage),
    dict(type=Resize, scale=_instance_size, keep_ratio=True),
    dict(type=LoadAnnotations, with_bbox=True, with_mask=True),
    dict(
        type=PackDetInputs,
        meta_keys=("img_id", "img_path", "ori_shape", "img_shape", "scale_factor"),
    ),
]

# Keypoints: crops of 128 x 96, and 256 x 192 pictures would only take longer.
_crop_size = (96, 128)
_codec = dict(type=UDPHeatmap, input_size=_crop_size, heatmap_size=(24, 32), sigma=1)
keypoints["decoder"]["head"].update(in_channels=(_channels,) * 4, channels=48, decoder=_codec)
keypoints["decoder"]["test_cfg"].update(flip_test=False)
keypoints["loss_weight"] = 300.0
keypoints["train"]["dataset"]["pipeline"] = [
    dict(type=LoadImage),
    dict(type=GetBBoxCenterScale),
    dict(type=TopdownAffine, input_size=_crop_size, use_udp=True),
    dict(type=GenerateTarget, encoder=_codec),
    dict(type=PackPoseInputs),
]
keypoints["val"]["dataset"]["bbox_file"] = None
keypoints["val"]["dataset"]["pipeline"] = [
    dict(type=LoadImage),
    dict(type=GetBBoxCenterScale),
    dict(type=TopdownAffine, input_size=_crop_size, use_udp=True),
    dict(type=PackPoseInputs),
]

# Semantic segmentation: 256 x 192 or so; classes of few pixels bound the mIoU near 0.9.
_semantic_size = (256, 256)
semantic["decoder"]["data_preprocessor"] = dict(
    type=SegDataPreProcessor,
    **_normalise,
    pad_val=0,
    seg_pad_val=255,
    size_divisor=32,
    test_cfg=dict(size_divisor=32),
)
semantic["decoder"]["decode_head"].update(
    in_channels=[_channels] * 4, channels=64, dropout_ratio=0.0, norm_cfg=_norm
)
# Most of the time goes into the loss at 150 classes and full size; a second one says little more.
semantic["decoder"].pop("auxiliary_head")
semantic["decoder"]["test_cfg"] = dict(mode="whole")
semantic["train"]["dataset"]["pipeline"] = [
    dict(type=LoadImage),
    dict(type=LoadSegMap, num_classes=150),
    dict(type=SegResize, scale=_semantic_size, keep_ratio=True),
    dict(type=PackSegInputs),
]
semantic["val"]["dataset"]["pipeline"] = [
    dict(type=LoadImage),
    dict(type=SegResize, scale=_semantic_size, keep_ratio=True),
    dict(type=LoadSegMap, num_classes=150),
    dict(type=PackSegInputs),
]

# Classification: 96 x 96.
classification["decoder"]["neck"].update(in_channels=_channels, num_heads=4)
classification["decoder"]["head"].update(in_channels=_channels)
for _part in ("train", "val"):
    classification[_part]["dataset"]["pipeline"] = [
        dict(type=LoadImage),
        dict(type=CheckLabel, num_classes=1000),
        dict(type=ResizeEdge, scale=96, edge="short"),
        dict(type=CenterCrop, crop_size=96),
        dict(type=PackInputs),
    ]

tasks = dict(
    instance=instance, keypoints=keypoints, semantic=semantic, classification=classification
)
for _task, _batch_size in zip(tasks.values(), (4, 4, 2, 4), strict=True):
    _task["train"].update(batch_size=_batch_size, num_workers=1)
    _task["val"].update(batch_size=1, num_workers=0)
    _task["paper"] = dict()
for _task, _metrics in zip(
    tasks.values(),
    (["bbox_mAP_50", "segm_mAP_50"], ["AP_50"], ["mIoU", "aAcc"], ["top1"]),
    strict=True,
):
    _task.update(primary=_metrics[0], report=_metrics)

train_cfg = dict(max_iters=_max_iters, schedule="joint")
precision = "fp32"
optim_wrapper = dict(
    optimizer=dict(type=AdamW, lr=1e-3, betas=(0.9, 0.99), weight_decay=0.0),
    clip_grad=dict(max_norm=5.0),
)
param_scheduler = [
    dict(type=LinearLR, start_factor=0.01, by_epoch=False, begin=0, end=50),
    dict(
        type=CosineAnnealingLR,
        by_epoch=False,
        begin=50,
        end=_max_iters,
        T_max=_max_iters - 50,
        eta_min=1e-5,
    ),
]
default_hooks["checkpoint"].update(save_last=False)
custom_hooks = [dict(type=EMAHook, decay=0.98)]
