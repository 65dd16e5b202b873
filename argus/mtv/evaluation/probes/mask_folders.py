"""Pictures with a mask of classes in two folders, as ADE20K and many small sets have them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmseg.datasets import BaseSegDataset
from mmseg.datasets.transforms import PhotoMetricDistortion

from argus.datasets.build import build_dataset
from argus.datasets.transforms import (
    JointRandomCrop,
    JointRandomFlip,
    JointRandomResize,
    JointResize,
    LoadImage,
    LoadSegMap,
)
from argus.errors import ConfigError
from argus.mtv.evaluation.probes.probe_training import ProbeSamples

_LABEL = "gt_seg_map"


@dataclass(frozen=True, kw_only=True)
class MaskFolders:
    """Where pictures and masks lie, and what the masks hold.

    Args:
        images: Folder of the pictures below the root.
        labels: Folder of the masks, PNG named as their pictures.
        image_suffix: End of the pictures' names.
        label_suffix: End of the masks' names.
        num_classes: Number of classes.
        reduce_zero_label: Whether 0 is no class and class i is i + 1; else class i is i, and 255 is
            none.
    """

    images: str
    labels: str
    image_suffix: str
    label_suffix: str
    num_classes: int
    reduce_zero_label: bool

    def samples(self, root: Path, pipeline: Sequence[Any], *, learns: bool) -> ProbeSamples:
        """The pictures of the folders through a pipeline.

        Args:
            root: Of the data set.
            pipeline: Of transforms.
            learns: Whether it is for training.

        Raises:
            ConfigError: If masks cannot hold so many classes.
            DataError: If there is no picture, or a folder is missing.
        """
        if not 2 <= self.num_classes <= 255:
            raise ConfigError(f"num_classes: expected 2 to 255, found {self.num_classes}.")
        dataset = build_dataset(
            dict(
                type=BaseSegDataset,
                data_root=str(root),
                data_prefix=dict(img_path=self.images, seg_map_path=self.labels),
                img_suffix=self.image_suffix,
                seg_map_suffix=self.label_suffix,
                metainfo=dict(classes=tuple(f"class {n}" for n in range(self.num_classes))),
                reduce_zero_label=self.reduce_zero_label,
                test_mode=not learns,
                pipeline=list(pipeline),
            ),
            where=f"{root}: {self.images}",
        )
        return ProbeSamples(dataset, label=_LABEL)


def training_pipeline(num_classes: int, *, size: int, long_side: int) -> list[dict[str, Any]]:
    """The one of mmsegmentation for ADE20K: zoom, crop, flip, colours.

    Args:
        num_classes: Of the masks.
        size: Of the crop and of the shorter side before the zoom, pixels.
        long_side: Most of the longer side before the zoom.
    """
    return [
        *unresized_pipeline(num_classes),
        dict(type=JointRandomResize, ratio_range=(0.5, 2.0), scale=(long_side, size)),
        dict(type=JointRandomCrop, size=(size, size), cat_max_ratio=0.75),
        dict(type=JointRandomFlip, prob=0.5),
        dict(type=PhotoMetricDistortion),
    ]


def unresized_pipeline(num_classes: int) -> list[dict[str, Any]]:
    """Pictures and masks as they are."""
    return [dict(type=LoadImage), dict(type=LoadSegMap, num_classes=num_classes)]


def squeezed_pipeline(num_classes: int, *, size: int) -> list[dict[str, Any]]:
    """Whole pictures and masks as squares: the same in every draw."""
    return [*unresized_pipeline(num_classes), dict(type=JointResize, scale=(size, size))]


def validation_pipeline(num_classes: int, *, size: int, long_side: int) -> list[dict[str, Any]]:
    """The shorter side resized to ``size``; the mask stays as it is."""
    return [
        dict(type=LoadImage),
        dict(type=JointResize, short_side=size, max_long_side=long_side),
        dict(type=LoadSegMap, num_classes=num_classes),
    ]
