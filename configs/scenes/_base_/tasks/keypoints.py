"""Person keypoints of generated scenes, top-down crops of 96 x 64, with a small DPT decoder."""

from mmengine.config import read_base
from mmpose.codecs import UDPHeatmap
from mmpose.datasets.transforms import (
    GenerateTarget,
    GetBBoxCenterScale,
    PackPoseInputs,
    RandomBBoxTransform,
    RandomFlip,
    TopdownAffine,
)
from mmpose.evaluation.metrics import CocoMetric
from mmpose.models import KeypointMSELoss, PoseDataPreprocessor, TopdownPoseEstimator

from argus.datasets.coco import CocoKeypoints
from argus.datasets.transforms import LoadImage
from argus.models.backbones.shared import SharedBackbone
from argus.models.decoders import DPTKeypointHead

with read_base():
    from ...._base_.normalisation import dinov2 as _dinov2

_data_root = "data/scenes/coco"
_input_size = (64, 96)
_codec = dict(type=UDPHeatmap, input_size=_input_size, heatmap_size=(16, 24), sigma=1)
_channels = 96

keypoints = dict(
    decoder=dict(
        type=TopdownPoseEstimator,
        data_preprocessor=dict(
            type=PoseDataPreprocessor,
            **_dinov2,
            bgr_to_rgb=True,
        ),
        backbone=dict(type=SharedBackbone),
        head=dict(
            type=DPTKeypointHead,
            in_channels=(_channels,) * 4,
            channels=48,
            out_channels=17,
            loss=dict(type=KeypointMSELoss, use_target_weight=True),
            decoder=_codec,
        ),
        test_cfg=dict(flip_test=True, flip_mode="heatmap", shift_heatmap=False),
    ),
    train=dict(
        dataset=dict(
            type=CocoKeypoints,
            data_root=_data_root,
            data_mode="topdown",
            ann_file="annotations/person_keypoints_train2017.json",
            data_prefix=dict(img="train2017/"),
            pipeline=[
                dict(type=LoadImage),
                dict(type=GetBBoxCenterScale),
                dict(type=RandomFlip, prob=0.5, direction="horizontal"),
                dict(
                    type=RandomBBoxTransform,
                    scale_factor=(0.8, 1.2),
                    rotate_factor=20.0,
                    rotate_prob=0.5,
                ),
                dict(type=TopdownAffine, input_size=_input_size, use_udp=True),
                dict(type=GenerateTarget, encoder=_codec),
                dict(type=PackPoseInputs),
            ],
        ),
        batch_size=2,
        num_workers=1,
    ),
    val=dict(
        dataset=dict(
            type=CocoKeypoints,
            data_root=_data_root,
            data_mode="topdown",
            ann_file="annotations/person_keypoints_val2017.json",
            bbox_file=None,
            data_prefix=dict(img="val2017/"),
            test_mode=True,
            pipeline=[
                dict(type=LoadImage),
                dict(type=GetBBoxCenterScale),
                dict(type=TopdownAffine, input_size=_input_size, use_udp=True),
                dict(type=PackPoseInputs),
            ],
        ),
        batch_size=16,
        num_workers=1,
    ),
    metrics=dict(
        type=CocoMetric,
        ann_file=f"{_data_root}/annotations/person_keypoints_val2017.json",
        nms_mode="none",
    ),
    loss_weight=300.0,
    primary="AP_50",
    report=["AP", "AP_50", "AR"],
)
