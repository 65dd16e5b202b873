"""NYUv2, the 1,449 labelled images: semantic segmentation, depth, surface normals, boundaries.

Silberman et al., "Indoor Segmentation and Support Inference from RGBD Images", ECCV 2012. 795
training and 654 test images; classes of Gupta et al., CVPR 2013 (40) and Couprie et al., ICLR 2013
(13).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from argus.datasets.lists import ListDataset
from argus.datasets.voc_colour import voc_colour
from argus.errors import ConfigError
from argus.registry import DATASETS

CLASSES_40 = (
    "wall",
    "floor",
    "cabinet",
    "bed",
    "chair",
    "sofa",
    "table",
    "door",
    "window",
    "bookshelf",
    "picture",
    "counter",
    "blinds",
    "desk",
    "shelves",
    "curtain",
    "dresser",
    "pillow",
    "mirror",
    "floor mat",
    "clothes",
    "ceiling",
    "books",
    "refrigerator",
    "television",
    "paper",
    "towel",
    "shower curtain",
    "box",
    "whiteboard",
    "person",
    "night stand",
    "toilet",
    "sink",
    "lamp",
    "bathtub",
    "bag",
    "other structure",
    "other furniture",
    "other prop",
)
CLASSES_13 = (
    "bed",
    "books",
    "ceiling",
    "chair",
    "floor",
    "furniture",
    "objects",
    "picture",
    "sofa",
    "table",
    "tv",
    "wall",
    "window",
)


def class_names(num_classes: int) -> tuple[str, ...]:
    """The 40 or the 13 classes."""
    return CLASSES_40 if num_classes == 40 else CLASSES_13


@DATASETS.register_module()
class NYUv2(ListDataset):
    """NYUv2's labelled images.

    Layout below ``data_root``: ``image/``; ``seg40/`` and ``seg13/`` PNG, 0 void, class + 1;
    ``depth/`` 16-bit PNG in millimetres, 0 unknown; ``normal/`` RGB PNG, (n / 2 + 0.5) * 255, axes
    x right, y up, z towards the viewer; ``edge/`` PNG 0 or 255; ``gt_sets/train.txt``, ``val.txt``.

    Args:
        ann_file: List of images, one a line, without suffix.
        labels: Of ``semantic``, ``depth``, ``normals``, ``boundary``; an image need not have all.
        num_classes: 40 or 13: which semantic labels are read.
        metainfo: Other ``classes`` and ``palette``, in the order of the labels 1, 2, ...
        **kwargs: As ``ListDataset``.
    """

    @staticmethod
    def classes_of(config: Mapping[str, Any]) -> tuple[str, ...]:
        """Classes that a config of this data set labels; none without semantic labels."""
        has_semantic = "semantic" in config.get("labels", ("semantic",))
        return class_names(config.get("num_classes", 40)) if has_semantic else ()

    @classmethod
    def palette_of(cls, config: Mapping[str, Any]) -> list[tuple[int, int, int]]:
        """RGB of the classes that :meth:`classes_of` gives."""
        return [voc_colour(i + 1) for i in range(len(cls.classes_of(config)))]

    IMAGE_FOLDER = "image"
    FOLDERS = dict(semantic="seg40", depth="depth", normals="normal", boundary="edge")

    def __init__(
        self,
        ann_file: str = "gt_sets/train.txt",
        *,
        labels: Sequence[str] = ("semantic", "depth", "normals", "boundary"),
        num_classes: int = 40,
        metainfo: Mapping[str, Any] | None = None,
        data_prefix: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        if num_classes not in (13, 40):
            raise ConfigError(f"NYUv2.num_classes={num_classes}: expected 40 or 13.")
        classes = class_names(num_classes)
        palette = [voc_colour(i + 1) for i in range(num_classes)]
        prefix = dict(data_prefix or {})
        if "semantic" in labels:
            prefix.setdefault("seg_map_path", f"seg{num_classes}")
        super().__init__(
            ann_file,
            labels=labels,
            metainfo=dict(classes=classes, palette=palette) | dict(metainfo or {}),
            data_prefix=prefix,
            reduce_zero_label=True,
            **kwargs,
        )
