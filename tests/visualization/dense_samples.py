"""Dense and panoptic samples with contents that are easy to find again in a picture."""

import numpy as np
import torch
from mmdet.structures import INSTANCE_OFFSET, DetDataSample
from mmengine.structures import InstanceData, PixelData

from argus.structures import DenseSample

from .samples import SIZE

VOID = 255


def dense_sample(field: str, *, gt=None, pred=None, **meta) -> DenseSample:
    """A sample with maps ``(C, H, W)``."""
    sample = DenseSample(metainfo=dict(ori_shape=SIZE) | meta)
    for source, data in (("gt", gt), ("pred", pred)):
        if data is not None:
            sample.set_data({f"{source}_{field}": PixelData(data=torch.from_numpy(data))})
    return sample


def depth_sample() -> DenseSample:
    """Truth: left half 1 m, right half 5 m, unknown at the top. Prediction: 3 m and 9 m."""
    truth = np.ones((1, *SIZE), np.float32)
    truth[..., SIZE[1] // 2 :] = 5
    prediction = np.where(truth == 1, np.float32(3), np.float32(9))
    truth[:, :100] = 0
    return dense_sample("depth", gt=truth, pred=prediction)


def normals_sample() -> DenseSample:
    """Truth: to the viewer, right half up, unknown at the top. Prediction: all to the right."""
    truth = np.zeros((3, *SIZE), np.float32)
    truth[2, :, : SIZE[1] // 2] = 1
    truth[1, :, SIZE[1] // 2 :] = 1
    truth[:, :100] = 0
    prediction = np.zeros_like(truth)
    prediction[0] = 1
    return dense_sample("normals", gt=truth, pred=prediction)


def binary_sample(field: str) -> DenseSample:
    """Truth: rows 300 to 400, the top ignored. Prediction: there with 1, 0.5 below, else 0."""
    truth = np.zeros((1, *SIZE), np.uint8)
    truth[:, 300:400] = 1
    truth[:, :100] = VOID
    prediction = np.zeros((1, *SIZE), np.float32)
    prediction[:, 300:400] = 1
    prediction[:, 400:500] = 0.5
    return dense_sample(field, gt=truth, pred=prediction)


def anomaly_sample(*, scale: float = 1, category: str = "nut") -> DenseSample:
    """A defect in rows 300 to 400, columns 200 to 400; scores ``scale`` there, 0 elsewhere."""
    truth = np.zeros((1, *SIZE), np.uint8)
    truth[:, 300:400, 200:400] = 1
    prediction = truth.astype(np.float32) * scale
    sample = dense_sample("anomaly_map", gt=truth, pred=prediction, category=category)
    sample.gt_anomaly = 1
    sample.pred_anomaly = float(scale)
    return sample


def panoptic_sample() -> DetDataSample:
    """Two instances of class 0 side by side in the left half, class 2 in the right.

    The truth numbers the instances the other way round, and its lowest 100 rows are void.
    """
    prediction = np.full((1, *SIZE), 2, np.int32)
    prediction[..., :200] = 5 * INSTANCE_OFFSET
    prediction[..., 200:400] = 3 * INSTANCE_OFFSET
    truth = prediction.copy()
    truth[..., :200] = 1 * INSTANCE_OFFSET
    truth[..., 200:400] = 2 * INSTANCE_OFFSET
    truth[:, -100:] = VOID
    sample = DetDataSample(metainfo=dict(ori_shape=SIZE))
    sample.pred_panoptic_seg = PixelData(sem_seg=torch.from_numpy(prediction))
    sample.gt_panoptic_seg = PixelData(sem_seg=torch.from_numpy(truth))
    # What mmdet's packer and Mask2Former's instance branch leave in such a sample.
    sample.gt_instances = InstanceData()
    sample.pred_instances = InstanceData(
        bboxes=torch.tensor([[10.0, 10, 20, 20]]), labels=torch.tensor([0]), scores=torch.ones(1)
    )
    return sample
