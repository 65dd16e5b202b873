"""Keypoint decoder: DPT heatmaps at stride 4, top-down, 17 COCO keypoints, 256 x 192 crops.

For a backbone of 768 channels (Base); Large sets ``in_channels`` to 1024. ``udp_codec`` is also the
encoder of the training pipeline (mmpose's ``GenerateTarget``) and names the crop for
``TopdownAffine(input_size=udp_codec["input_size"], use_udp=True)``.
"""

from mmengine.config import read_base
from mmpose.codecs import UDPHeatmap
from mmpose.models import KeypointMSELoss, PoseDataPreprocessor, TopdownPoseEstimator

from argus.models.backbones.shared import SharedBackbone
from argus.models.decoders import DPTKeypointHead

with read_base():
    from ..normalisation import dinov2 as _dinov2

udp_codec = dict(
    type=UDPHeatmap,
    input_size=(192, 256),  # (width, height); not stated in paper: ViTPose
    heatmap_size=(48, 64),  # stride 4
    sigma=2,  # not stated in paper: ViTPose
)

dpt_keypoint = dict(
    type=TopdownPoseEstimator,
    data_preprocessor=dict(
        type=PoseDataPreprocessor,
        **_dinov2,
        bgr_to_rgb=True,
        non_blocking=True,
    ),
    backbone=dict(type=SharedBackbone),
    head=dict(
        type=DPTKeypointHead,
        in_channels=(768, 768, 768, 768),
        channels=256,  # not stated in paper: DPT
        out_channels=17,
        norm_cfg=None,  # not stated in paper: DPT for depth; dict(type="GN", num_groups=32) works
        loss=dict(type=KeypointMSELoss, use_target_weight=True),  # not stated in paper: ViTPose
        decoder=udp_codec,
    ),
    # not stated in paper: ViTPose. UDP heatmaps are symmetric, so the mirrored ones are not shifted
    test_cfg=dict(flip_test=True, flip_mode="heatmap", shift_heatmap=False),
)
