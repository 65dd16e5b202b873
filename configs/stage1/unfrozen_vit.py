"""Ablation: the ViT is trained with the adapter (paper: Table 3, row 1).

    tools/dist_train.sh configs/stage1/unfrozen_vit.py 8

Expected: AP_b 55.3, AP_m 49.0, AP_k 74.9, mIoU 51.3, top-1 82.8. The whole backbone is trained, so
memory grows by the ViT's gradients and its optimizer's state.
"""

from mmengine.config import read_base

with read_base():
    from .no_ema_200k import *

backbone.update(freeze_vit=False)
# not stated in paper; ViT-Adapter on DINOv2-B
optim_wrapper.update(paramwise_cfg=dict(layer_decay=0.60))
tasks["instance"]["paper"] = dict(bbox_mAP=0.553, segm_mAP=0.490)
tasks["keypoints"]["paper"] = dict(AP=0.749)
tasks["semantic"]["paper"] = dict(mIoU=0.513)
tasks["classification"]["paper"] = dict(top1=0.828)
