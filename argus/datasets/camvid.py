"""CamVid: frames of a driving car, 11 classes, in the form of the SegNet tutorial.

Brostow et al., "Semantic Object Classes in Video", Pattern Recognition Letters 2009; the 11
classes, the size of 480 x 360 and the split of 367, 101 and 233 frames are those of SegNet
(Badrinarayanan et al., PAMI 2017), on which everyone reports.
"""

from typing import Any

from argus.datasets.lists import ListDataset
from argus.registry import DATASETS

CLASSES = (
    "sky",
    "building",
    "pole",
    "road",
    "pavement",
    "tree",
    "sign",
    "fence",
    "car",
    "pedestrian",
    "bicyclist",
)
PALETTE = (
    (128, 128, 128),
    (128, 0, 0),
    (192, 192, 128),
    (128, 64, 128),
    (60, 40, 222),
    (128, 128, 0),
    (192, 128, 128),
    (64, 64, 128),
    (64, 0, 128),
    (64, 64, 0),
    (0, 128, 192),
)


@DATASETS.register_module()
class CamVid(ListDataset):
    """CamVid's frames and label maps, all of a folder.

    Layout below ``data_root``: ``images/<split>/``; ``labels/<split>/`` PNG, 0..10, 255 unlabelled.
    ``data_prefix`` names the two folders of another split than ``train``.

    Args:
        **kwargs: As ``ListDataset``.
    """

    METAINFO = dict(classes=CLASSES, palette=PALETTE)
    IMAGE_FOLDER = "images/train"
    FOLDERS = dict(semantic="labels/train")

    def __init__(self, ann_file: str = "", **kwargs: Any) -> None:
        super().__init__(ann_file, labels=("semantic",), **kwargs)
