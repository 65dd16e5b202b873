"""Instances and a class on one picture, of which every third lacks the instances."""

import torch
from mmdet.structures import DetDataSample
from mmdet.structures.mask import BitmapMasks
from mmengine.registry import DATASETS
from mmengine.structures import InstanceData
from mmpretrain.structures import DataSample

from argus.models.decoders.mask_dino import (
    MaskDINO,
    MaskDINOCriterion,
    MaskDINOHead,
    MaskDINOPixelEncoder,
)
from argus.models.multitask import MultitaskModel
from tests.toy import (
    NUM_CLASSES,
    PREPROCESS,
    ToyBackbone,
    ToyBoth,
    classification_decoder,
    toy_config,
)

STREAM = dict(pictures=["instance", "classification"])


@DATASETS.register_module()
class ToyDetection(ToyBoth):
    """Two squares of the picture's class, every third picture has no labels of them."""

    def __getitem__(self, index: int) -> dict:
        image, label = self.picture(index)
        samples = dict(classification=DataSample().set_gt_label(label))
        if index % 3:
            samples["instance"] = detection_sample(index, label, self.size)
        return dict(inputs=image, data_samples=samples)


def detection_sample(index: int, label: int, size: int) -> DetDataSample:
    sample = DetDataSample(
        metainfo=dict(img_shape=(size, size), ori_shape=(size, size), img_id=index)
    )
    boxes = torch.tensor([[2, 2, 14, 14], [16, 12 + index % 4, 30, 30]]).float()
    masks = torch.zeros(2, size, size, dtype=torch.uint8)
    for mask, (left, top, right, bottom) in zip(masks, boxes.int().tolist(), strict=True):
        mask[top:bottom, left:right] = 1
    sample.gt_instances = InstanceData(
        bboxes=boxes,
        labels=torch.tensor([label, (label + 1) % NUM_CLASSES]),
        masks=BitmapMasks(masks.numpy(), size, size),
    )
    return sample


def mask_dino_decoder(channels: int = 8) -> dict:
    return dict(
        type=MaskDINO,
        data_preprocessor=dict(
            type="mmdet.DetDataPreprocessor", pad_mask=True, pad_size_divisor=32, **PREPROCESS
        ),
        backbone=dict(type="SharedBackbone"),
        pixel_encoder=dict(
            type=MaskDINOPixelEncoder,
            in_channels=[channels] * 4,
            **dict(embed_dim=16, mask_dim=16, num_layers=1, num_heads=2, num_points=2),
            **dict(ffn_dim=32, norm_groups=4),
        ),
        head=dict(
            type=MaskDINOHead,
            **dict(num_queries=6, num_layers=2, num_heads=2, num_points=2, ffn_dim=32),
            num_denoising=4,
        ),
        # Every cell instead of random points, so that both ways of computing see the same.
        criterion=dict(type=MaskDINOCriterion, num_points=None),
        num_things_classes=NUM_CLASSES,
    )


def detection_model() -> MultitaskModel:
    torch.manual_seed(0)
    decoders = dict(instance=mask_dino_decoder(), classification=classification_decoder())
    model = MultitaskModel(ToyBackbone(), decoders, streams=STREAM)
    model.init_weights()
    return model.train()


def detection_tasks(batch_size: int) -> dict:
    train = dict(dataset=dict(type="ToyDetection"), batch_size=batch_size, num_workers=0)
    other = toy_config("unused")["tasks"]["classification"] | dict(stream="pictures", train=None)
    instance = dict(decoder=mask_dino_decoder(), stream="pictures", train=train)
    return dict(instance=instance, classification=other)
