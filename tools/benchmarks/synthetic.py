"""Random batches in the form that the data loaders give, one per task of stage 1.

The decoder of a task tells the kind of its labels (by its library) and the number of classes.
"""

import argus  # isort: skip  # noqa: F401 - by which mmcv finds its operators

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from mmdet.structures import DetDataSample
from mmdet.structures.mask import BitmapMasks
from mmengine.structures import InstanceData, PixelData
from mmpose.structures import PoseDataSample
from mmpretrain.structures import DataSample
from mmseg.structures import SegDataSample
from torch import Tensor

from argus.models.foreign import library_scope
from argus.models.multitask import MultitaskModel

Size = tuple[int, int]
# (height, width), pixels; the keypoints' is in their config.
SIZES = {"mmdet": (1024, 1024), "mmseg": (512, 512), "mmpretrain": (224, 224)}
QUICK_SIZES = {"mmdet": (64, 64), "mmseg": (64, 64), "mmpretrain": (64, 64)}
NUM_INSTANCES = 7  # COCO has 7.3 objects per image


def batches(config: Any, model: MultitaskModel, *, quick: bool) -> dict[str, dict[str, Any]]:
    """A batch per task: ``inputs``, a list of (3, H, W) uint8 images, and ``data_samples``."""
    generator = torch.Generator().manual_seed(0)
    made = {}
    for name, task in config.tasks.items():
        library, decoder = model.libraries[name], model.decoder(name)
        size = image_size(library, decoder, quick=quick)
        count = 2 if quick else task.train.batch_size
        make = _SAMPLES[library]
        made[name] = {
            "inputs": [
                torch.randint(0, 256, (3, *size), generator=generator, dtype=torch.uint8)
                for _ in range(count)
            ],
            "data_samples": [make(decoder, size, generator) for _ in range(count)],
        }
    return made


def image_size(library: str | None, decoder: Any, *, quick: bool) -> Size:
    """(height, width) of the images of a task."""
    if library == "mmpose":
        width, height = decoder.head.decoder.input_size
        return int(height), int(width)
    assert library is not None
    return (QUICK_SIZES if quick else SIZES)[library]


def preprocess(model: MultitaskModel, task: str, batch: Mapping[str, Any]) -> dict[str, Any]:
    """The batch on the model's device, images normalised and padded: what ``loss`` takes."""
    with library_scope(model.libraries[task]):
        return model.decoder(task).data_preprocessor(dict(batch), True)


def _meta(size: Size) -> dict[str, Any]:
    return dict(img_shape=size, ori_shape=size, pad_shape=size, scale_factor=(1.0, 1.0))


def instances(
    decoder: Any, size: Size, generator: torch.Generator, *, count: int = NUM_INSTANCES
) -> DetDataSample:
    """A sample with ``count`` boxes and their masks, which are the boxes filled."""
    height, width = size
    numbers = torch.rand(count, 4, generator=generator)
    sides = (0.1 + 0.4 * numbers[:, 2:]) * torch.tensor([width, height])
    corners = numbers[:, :2] * (torch.tensor([width, height]) - sides)
    boxes = torch.cat([corners, corners + sides], dim=1).round()
    masks = np.zeros((count, height, width), dtype=np.uint8)
    for mask, (x1, y1, x2, y2) in zip(masks, boxes.int().tolist(), strict=True):
        mask[y1:y2, x1:x2] = 1
    labels = torch.randint(0, decoder.num_things_classes, (count,), generator=generator)
    sample = DetDataSample(metainfo=_meta(size))
    sample.gt_instances = InstanceData(
        bboxes=boxes, labels=labels, masks=BitmapMasks(masks, height, width)
    )
    return sample


def _keypoints(decoder: Any, size: Size, generator: torch.Generator) -> PoseDataSample:
    width, height = decoder.head.decoder.heatmap_size
    count = decoder.head.out_channels
    sample = PoseDataSample(metainfo=_meta(size))
    sample.gt_fields = PixelData(heatmaps=torch.rand(count, height, width, generator=generator))
    sample.gt_instance_labels = InstanceData(keypoint_weights=torch.ones(1, count))
    return sample


def semantic(decoder: Any, size: Size, generator: torch.Generator) -> SegDataSample:
    """A sample with a random class for every pixel."""
    classes = decoder.decode_head.num_classes
    sample = SegDataSample(metainfo=_meta(size))
    labels = torch.randint(0, classes, (1, *size), generator=generator)
    sample.gt_sem_seg = PixelData(data=labels)
    return sample


def _class(decoder: Any, size: Size, generator: torch.Generator) -> DataSample:
    label = torch.randint(0, decoder.head.num_classes, (1,), generator=generator)
    return DataSample(metainfo=_meta(size)).set_gt_label(label)


_SAMPLES: dict[str | None, Callable[[Any, Size, torch.Generator], Any]] = {
    "mmdet": instances,
    "mmpose": _keypoints,
    "mmseg": semantic,
    "mmpretrain": _class,
}


def feature_maps(model: MultitaskModel, batch: int, size: Size) -> tuple[Tensor, ...]:
    """Random maps of the shapes that the backbone gives for ``batch`` images, wanting gradients."""
    device = next(model.parameters()).device
    height, width = size
    backbone = model.backbone
    return tuple(
        torch.randn(batch, channels, height // stride, width // stride, device=device)
        .mul_(0.5)
        .requires_grad_()
        for channels, stride in zip(backbone.out_channels, backbone.strides, strict=True)
    )
