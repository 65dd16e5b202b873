"""Data samples of each library for a picture without labels, and what they know of its sizes."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample
from mmpretrain.structures import DataSample
from mmseg.structures import SegDataSample

from argus.structures import DenseSample

Size = tuple[int, int]

_KINDS: dict[str | None, type] = {
    "mmdet": DetDataSample,
    "mmseg": SegDataSample,
    "mmpretrain": DataSample,
    "mmpose": PoseDataSample,
}


def new_sample(
    library: str | None,
    *,
    name: str,
    original: Size,
    size: Size,
    scale_factor: tuple[float, float],
    meta: Mapping[str, Any] | None = None,
) -> Any:
    """A sample as the library's packing transform makes it, without labels.

    Args:
        library: Library of the task's decoder; ``None`` gives a :class:`DenseSample`.
        name: Path or name of the picture.
        original: (height, width) of the picture.
        size: (height, width) after resizing and cropping.
        scale_factor: (width, height) of the resize.
        meta: Further entries.
    """
    sample = _KINDS.get(library, DenseSample)()
    sample.set_metainfo(
        dict(
            img_path=name,
            img_id=name,
            ori_shape=original,
            img_shape=size,
            scale_factor=scale_factor,
            **(meta or {}),
        )
    )
    return sample


def person_sample(
    *,
    name: str,
    original: Size,
    box: np.ndarray,
    score: float,
    crop: Mapping[str, Any],
    flip_indices: Sequence[int],
) -> Any:
    """A sample of mmpose for the crop around one person.

    Args:
        name: Path or name of the picture.
        original: (height, width) of the picture.
        box: (4,) xyxy pixels.
        score: Of the box.
        crop: What the transforms gave: ``input_center``, ``input_scale``, ``input_size`` and
            ``bbox_scale``.
        flip_indices: Keypoint that each one becomes in a mirrored picture.
    """
    width, height = crop["input_size"]
    sample = new_sample(
        "mmpose",
        name=name,
        original=original,
        size=(height, width),
        scale_factor=(1.0, 1.0),
        meta=dict(
            id=0,
            category_id=1,
            input_size=crop["input_size"],
            input_center=crop["input_center"],
            input_scale=crop["input_scale"],
            flip_indices=list(flip_indices),
        ),
    )
    sample.gt_instances = InstanceData(
        bboxes=np.asarray(box, np.float32)[None],
        bbox_scores=np.asarray([score], np.float32),
        bbox_scales=np.asarray(crop["bbox_scale"], np.float32),
    )
    sample.gt_instance_labels = InstanceData()
    return sample


def set_padding(samples: Sequence[Any], padded: Size) -> None:
    """Note the padded size of the batch as each library's preprocessor does.

    Args:
        samples: Of pictures of one size.
        padded: (height, width) of the network's input.
    """
    for sample in samples:
        height, width = sample.metainfo["img_shape"][:2]
        sample.set_metainfo(
            dict(
                pad_shape=padded,
                batch_input_shape=padded,
                # mmseg: left, right, top, bottom.
                img_padding_size=(0, padded[1] - width, 0, padded[0] - height),
            )
        )
