"""Person keypoints on COCO, top-down 256x192, DPT decoder: AP 77.0, AR 81.8 in the paper (Base).

Data: ``data/coco``, see data/README.md. 149,813 persons in training; 300,000 steps of 128 are 256
epochs. The protocol of validation and test takes person boxes from a detector (56 AP), in
``data/coco/person_detection_results/COCO_val2017_detections_AP_H_56_person.json``. Without that
file set ``bbox_file=None`` of the validation data set to take the annotated boxes; AP is then some
two points higher and not comparable with the paper's.
"""

from mmengine.config import read_base
from mmpose.datasets.transforms import (
    GenerateTarget,
    GetBBoxCenterScale,
    PackPoseInputs,
    RandomFlip,
    RandomHalfBody,
    TopdownAffine,
)
from mmpose.evaluation.metrics import CocoMetric

from argus.datasets.coco import CocoKeypoints
from argus.datasets.transforms import BoxJitter, LoadImage

with read_base():
    from ..models.dpt_keypoint import dpt_keypoint, udp_codec

_data_root = "data/coco"
_input_size = udp_codec["input_size"]  # (192, 256), width and height

_train_pipeline = [
    dict(type=LoadImage),
    dict(type=GetBBoxCenterScale),
    dict(type=RandomFlip, prob=0.5, direction="horizontal"),  # not stated in paper; ViTPose
    # not stated in paper; ViTPose, more than 8 joints
    dict(type=RandomHalfBody, min_total_keypoints=9, prob=0.3),
    # not stated in paper; ViTPose
    dict(type=BoxJitter, scale=0.5, degrees=40.0, rotate_prob=0.6),
    dict(type=TopdownAffine, input_size=_input_size, use_udp=True),  # not stated in paper; ViTPose
    dict(type=GenerateTarget, encoder=udp_codec),
    dict(type=PackPoseInputs),
]
_test_pipeline = [
    dict(type=LoadImage),
    dict(type=GetBBoxCenterScale),
    dict(type=TopdownAffine, input_size=_input_size, use_udp=True),  # not stated in paper; ViTPose
    dict(type=PackPoseInputs),
]

coco_keypoints = dict(
    decoder=dpt_keypoint,
    train=dict(
        dataset=dict(
            type=CocoKeypoints,
            data_root=_data_root,
            data_mode="topdown",
            ann_file="annotations/person_keypoints_train2017.json",
            data_prefix=dict(img="train2017/"),
            pipeline=_train_pipeline,
        ),
        batch_size=16,  # not stated in paper: 128 on 8 GPUs are 256 epochs
        num_workers=4,
        sampling="shuffle",
    ),
    val=dict(
        dataset=dict(
            type=CocoKeypoints,
            data_root=_data_root,
            data_mode="topdown",
            ann_file="annotations/person_keypoints_val2017.json",
            bbox_file=f"{_data_root}/person_detection_results/"
            "COCO_val2017_detections_AP_H_56_person.json",
            data_prefix=dict(img="val2017/"),
            test_mode=True,
            pipeline=_test_pipeline,
        ),
        batch_size=32,  # not stated in paper; does not change the result
        num_workers=4,
    ),
    metrics=dict(
        type=CocoMetric,
        ann_file=f"{_data_root}/annotations/person_keypoints_val2017.json",
        nms_mode="oks_nms",  # not stated in paper; ViTPose
        nms_thr=0.9,  # not stated in paper; ViTPose
    ),
    loss_weight=1000.0,  # not stated in paper; the squared error of a heatmap is about 0.001
    paper=dict(AP=0.770, AR=0.818),
    primary="AP",
    table="Paper, Table 2",
    licence="COCO: annotations CC BY 4.0, images under the terms of Flickr",
)
