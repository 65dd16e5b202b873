"""The data sets of own data as they are looked at: unchanged pictures with their labels."""

from typing import Any

from argus.datasets.own.classes import OwnClasses, OwnTags
from argus.datasets.own.dense import OwnAnomaly, OwnBoundary, OwnDepth, OwnNormals, OwnSaliency
from argus.datasets.own.detection import OwnDetection, OwnInstances, OwnPanoptic
from argus.datasets.own.loading import (
    LoadOwnBoundary,
    LoadOwnDepth,
    LoadOwnMap,
    LoadOwnSaliency,
)
from argus.datasets.own.pose import OwnPose
from argus.datasets.own.recognition import Recognition
from argus.datasets.own.semantic import OwnSemantic
from argus.datasets.transforms import (
    CheckLabel,
    LoadAnomalyMask,
    LoadImage,
    LoadNormals,
    LoadPanoptic,
    PackDense,
    PackPanopticMap,
)

_DET_KEYS = ("img_id", "img_path", "ori_shape", "img_shape")


def label_set(found: Recognition, part: str, options: dict[str, Any]) -> dict[str, Any]:
    """Config of the data set of a part, whose pipeline packs pictures as they are.

    Args:
        found: What the data are.
        part: ``train``, ``val`` or ``test``.
        options: Of the data set: ``data``, ``classes``, ``seed`` and so on.
    """
    kind, steps = _parts(found)
    return dict(
        type=kind,
        **options,
        format=found.format,
        split=part,
        test_mode=part != "train",
        pipeline=[dict(type=LoadImage), *steps],
    )


def _parts(found: Recognition) -> tuple[type, list[dict[str, Any]]]:
    """Class of the data set, and what follows the picture in its pipeline."""
    number = len(found.classes)
    if found.kind in _DENSE:
        dataset, load, field = _DENSE[found.kind]
        return dataset, [dict(type=load), dict(type=PackDense, fields=[field])]
    if found.kind in ("detection", "instance"):
        from mmdet.datasets.transforms import LoadAnnotations, PackDetInputs

        is_instance = found.kind == "instance"
        return OwnInstances if is_instance else OwnDetection, [
            dict(type=LoadAnnotations, with_bbox=True, with_mask=is_instance),
            dict(type=CheckLabel, num_classes=number),
            dict(type=PackDetInputs, meta_keys=_DET_KEYS),
        ]
    if found.kind == "panoptic":
        return OwnPanoptic, [
            dict(type=LoadPanoptic, num_classes=number),
            dict(type=PackPanopticMap, meta_keys=_DET_KEYS),
        ]
    if found.kind == "keypoints":
        from mmpose.datasets.transforms import PackPoseInputs

        return OwnPose, [dict(type=PackPoseInputs, meta_keys=_DET_KEYS)]
    if found.kind == "semantic":
        from mmseg.datasets.transforms import PackSegInputs

        return OwnSemantic, [dict(type=LoadOwnMap, num_classes=number), dict(type=PackSegInputs)]
    from mmpretrain.datasets import PackInputs

    return OwnTags if found.kind == "tags" else OwnClasses, [dict(type=PackInputs)]


_DENSE: dict[str, tuple[type, type, str]] = dict(
    depth=(OwnDepth, LoadOwnDepth, "depth"),
    normals=(OwnNormals, LoadNormals, "normals"),
    boundary=(OwnBoundary, LoadOwnBoundary, "boundary"),
    saliency=(OwnSaliency, LoadOwnSaliency, "saliency"),
    anomaly=(OwnAnomaly, LoadAnomalyMask, "anomaly_map"),
)
