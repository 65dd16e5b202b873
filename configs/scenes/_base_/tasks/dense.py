"""What the dense tasks on generated scenes share: rooms in NYUv2's layout, people in PASCAL's."""

from mmengine.config import read_base

from argus.datasets.nyuv2 import NYUv2
from argus.datasets.pascal_context import PascalContext
from argus.datasets.transforms import JointRandomFlip, LoadImage
from argus.models.backbones.shared import SharedBackbone
from argus.models.decoders import DenseEstimator, DensePreprocessor, DPTNetwork, UPerNetwork

with read_base():
    from ...._base_.normalisation import dinov2 as _dinov2

_rooms = dict(type=NYUv2, data_root="data/scenes/nyuv2")
_people = dict(type=PascalContext, data_root="data/scenes/pascal_mt")
_network = dict(in_channels=[96] * 4, channels=48, norm_cfg=dict(type="GN", num_groups=8))


def upernet(**head):
    """A decoder with a small UperNet; ``head`` is the rest of its head."""
    return _decoder(dict(type=UPerNetwork, pool_scales=(1, 2, 4), **_network), head)


def dpt(network=None, **head):
    """A decoder with a small DPT; ``network`` is the rest of that."""
    return _decoder(dict(type=DPTNetwork, hidden_channels=32, **_network, **(network or {})), head)


def _decoder(network, head):
    return dict(
        type=DenseEstimator,
        data_preprocessor=dict(
            type=DensePreprocessor,
            **_dinov2,
            bgr_to_rgb=True,
        ),
        backbone=dict(type=SharedBackbone),
        head=dict(network=network, **head),
    )


def rooms(label, load, pack, **dataset):
    """Training and validation data of rooms, with one kind of label."""
    return _data(dict(**_rooms, **dataset), "gt_sets", label, load, pack)


def people(label, load, pack, **dataset):
    """Training and validation data of scenes with people, with one kind of label."""
    return _data(dict(**_people, **dataset), "ImageSets", label, load, pack)


def _data(dataset, lists, label, load, pack):
    steps = [dict(type=LoadImage), load]
    return dict(
        train=dict(
            dataset=dict(
                **dataset,
                ann_file=f"{lists}/train.txt",
                labels=[label],
                pipeline=[*steps, dict(type=JointRandomFlip, prob=0.5), pack],
            ),
            batch_size=4,
            num_workers=1,
        ),
        val=dict(
            dataset=dict(
                **dataset,
                ann_file=f"{lists}/val.txt",
                labels=[label],
                test_mode=True,
                pipeline=[*steps, pack],
            ),
            batch_size=8,
            num_workers=1,
        ),
    )
