"""What the two tasks on pictures of BSDS500 share: boundaries, and the salient objects of SOD."""

from mmengine.config import read_base

from argus.datasets.bsds500 import BSDS500
from argus.datasets.transforms import (
    JointRandomCrop,
    JointRandomFlip,
    JointRandomResize,
    LoadImage,
    PackDense,
    PhotoMetricDistortion,
)

with read_base():
    from ...._base_.models.dense import dense_model as _dense_model

_crop_size = (320, 320)


def bsds_decoder(head):
    """A decoder whose pictures are padded as they are, but for those of training."""
    model = _dense_model(size=_crop_size, head=head)
    model["data_preprocessor"]["test_cfg"] = dict(size_divisor=32)
    return model


def bsds_pipeline(*, load, pack):
    """Steps of training: ``load`` are those that read labels, ``pack`` the last one."""
    return [
        dict(type=LoadImage),
        *load,
        dict(type=JointRandomResize, ratio_range=(1.0, 1.5)),
        dict(type=JointRandomCrop, size=_crop_size),
        dict(type=JointRandomFlip, prob=0.5),
        dict(type=PhotoMetricDistortion),
        pack,
    ]


def bsds_data(label, *, train, val, load, load_val):
    """Data of one kind of label; ``train`` and ``val`` are the folders of their part."""
    dataset = dict(type=BSDS500, data_root="data/small", labels=[label])
    pack = dict(type=PackDense, fields=[label])
    return dict(
        train=dict(
            dataset=dict(
                **dataset, data_prefix=train, pipeline=bsds_pipeline(load=[load], pack=pack)
            ),
            batch_size=4,
            num_workers=1,
            sampling="shuffle",
        ),
        val=dict(
            dataset=dict(
                **dataset,
                data_prefix=val,
                test_mode=True,
                pipeline=[dict(type=LoadImage), load_val, pack],
            ),
            batch_size=1,
            num_workers=1,
        ),
        loss_weight=1.0,
        lr_mult=3.0,
    )
