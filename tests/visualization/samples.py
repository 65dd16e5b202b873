"""Data samples of the four libraries with contents that are easy to find again in a picture."""

import numpy as np
import torch
from mmdet.structures import DetDataSample
from mmdet.structures.mask import BitmapMasks
from mmengine.structures import InstanceData, PixelData
from mmpose.structures import PoseDataSample
from mmpretrain.structures import DataSample
from mmseg.structures import SegDataSample

GREY_LEVEL = 128
SIZE = (600, 800)  # (height, width)
CLASSES = ("box", "ball", "cone")
# Two rectangles, x0 y0 x1 y1; the second one touches the top right corner of the image.
BOXES = np.array([[100, 200, 300, 400], [700, 0, 800, 80]], dtype=np.float32)


def grey_image(height: int = SIZE[0], width: int = SIZE[1]) -> np.ndarray:
    return np.full((height, width, 3), GREY_LEVEL, dtype=np.uint8)


def box_masks() -> np.ndarray:
    masks = np.zeros((len(BOXES), *SIZE), dtype=np.uint8)
    for mask, (x0, y0, x1, y1) in zip(masks, BOXES.astype(int), strict=True):
        mask[y0:y1, x0:x1] = 1
    return masks


def detection_sample(masks: str = "tensor") -> DetDataSample:
    from pycocotools import mask as coco_mask

    arrays = box_masks()
    encoded = {
        "tensor": torch.from_numpy(arrays).bool(),
        "rle": [coco_mask.encode(np.asfortranarray(mask)) for mask in arrays],
        "bitmap": BitmapMasks(list(arrays), *SIZE),
    }[masks]
    sample = DetDataSample(metainfo=dict(ori_shape=SIZE))
    labels = torch.tensor([0, 2])
    sample.pred_instances = InstanceData(
        bboxes=torch.from_numpy(BOXES),
        labels=labels,
        scores=torch.tensor([0.9, 0.5]),
        masks=encoded,
    )
    sample.gt_instances = InstanceData(
        bboxes=torch.from_numpy(BOXES), labels=labels, masks=BitmapMasks(list(arrays), *SIZE)
    )
    return sample


def semantic_sample() -> SegDataSample:
    """Left half class 0, right half class 2, the lowest 100 rows ignored in the ground truth."""
    labels = torch.zeros(1, *SIZE, dtype=torch.long)
    labels[..., SIZE[1] // 2 :] = 2
    sample = SegDataSample(metainfo=dict(ori_shape=SIZE))
    sample.pred_sem_seg = PixelData(data=labels)
    truth = labels.clone()
    truth[:, -100:] = 255
    sample.gt_sem_seg = PixelData(data=truth)
    return sample


def pose_sample(offset: float = 0.0) -> PoseDataSample:
    """A vertical left limb at x = 200 + offset and a right one at x = 300 + offset."""
    keypoints = np.array([[[200, 100], [200, 300], [300, 100], [300, 300]]], dtype=np.float32)
    keypoints[..., 0] += offset
    sample = PoseDataSample(metainfo=dict(ori_shape=SIZE))
    box = np.array([[150, 50, 350, 350]], dtype=np.float32)
    sample.pred_instances = InstanceData(
        keypoints=keypoints, keypoint_scores=np.array([[0.9, 0.9, 0.9, 0.1]]), bboxes=box
    )
    sample.gt_instances = InstanceData(
        keypoints=keypoints, keypoints_visible=np.array([[0, 1, 1, 1]], np.float32), bboxes=box
    )
    return sample


KEYPOINT_NAMES = ("left_hip", "left_knee", "right_hip", "right_knee")
SKELETON = ((0, 1), (2, 3))


def classification_sample() -> DataSample:
    sample = DataSample().set_gt_label(2)
    return sample.set_pred_score(torch.tensor([0.7, 0.1, 0.2])).set_pred_label(0)
