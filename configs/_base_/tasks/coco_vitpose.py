"""Person keypoints on COCO with ViTPose's classic decoder; all else is of ``coco_keypoints.py``.

A specialist that the paper compares with; ViTPose-B, its ViT trained too, has AP 75.8 and AR 81.1
with the same person boxes (https://github.com/ViTAE-Transformer/ViTPose). The paper prints no
number of this decoder on its own backbone.
"""

from mmengine.config import read_base

with read_base():
    from ..models.vitpose import vitpose
    from .coco_keypoints import coco_keypoints as coco_vitpose

coco_vitpose["decoder"] = vitpose
coco_vitpose["paper"] = dict()
coco_vitpose["report"] = ["AP", "AR"]
