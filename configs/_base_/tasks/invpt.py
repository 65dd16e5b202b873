"""The data of the dense tasks on NYUv2 and PASCAL-Context, seen and cut as by InvPT.

NYUv2: 795 training and 654 test images of 425 x 560; 40,000 steps of 16 images are 805 epochs.
PASCAL-Context: 4,998 training and 5,105 test images with distilled labels, 128 epochs.
"""

from mmengine.config import read_base  # noqa: F401  marks a new-style config

from argus.datasets.nyuv2 import NYUv2
from argus.datasets.pascal_context import PascalContext
from argus.datasets.transforms import (
    JointRandomFlip,
    JointRandomResize,
    LoadImage,
    PhotoMetricDistortion,
)


def invpt_pipeline(*, load, crop, pack, after_crop=()):
    """Steps of training: ``load`` are those that read labels, ``pack`` the last one."""
    return [
        dict(type=LoadImage),
        *load,
        dict(type=JointRandomResize, ratio_range=(0.5, 2.0)),  # not stated in paper: InvPT
        crop,
        *after_crop,
        dict(type=JointRandomFlip, prob=0.5),  # not stated in paper: InvPT
        dict(type=PhotoMetricDistortion),  # not stated in paper: InvPT
        pack,
    ]


def _invpt_data(dataset, lists, *, load, crop, pack, after_crop=()):
    return dict(
        train=dict(
            dataset=dict(
                **dataset,
                ann_file=f"{lists}/train.txt",
                pipeline=invpt_pipeline(load=load, crop=crop, pack=pack, after_crop=after_crop),
            ),
            batch_size=2,  # not stated in paper: 16 on 8 GPUs; InvPT 8
            num_workers=4,
            sampling="shuffle",
        ),
        val=dict(
            dataset=dict(
                **dataset,
                ann_file=f"{lists}/val.txt",
                test_mode=True,
                pipeline=[dict(type=LoadImage), *load, *after_crop, pack],
            ),
            batch_size=1,  # not stated in paper; does not change the result
            num_workers=2,
        ),
        loss_weight=1.0,  # not stated in paper: no other task trains what this one does
    )


def nyuv2_data(*, labels, load, crop, pack, **dataset):
    """Data of a task on NYUv2."""
    dataset = dict(type=NYUv2, data_root="data/nyuv2", labels=labels, **dataset)
    return dict(
        **_invpt_data(dataset, "gt_sets", load=load, crop=crop, pack=pack),
        licence="NYUv2: none stated by its owners; in use for research",
    )


def pascal_data(*, labels, load, crop, pack, after_crop=()):
    """Data of a task on PASCAL-Context."""
    dataset = dict(type=PascalContext, data_root="data/pascal_mt", labels=labels)
    return _invpt_data(dataset, "ImageSets", load=load, crop=crop, pack=pack, after_crop=after_crop)
