"""Decoders as graphs: one class per family of decoders.

A new one derives from :class:`ExportHead` and is listed in ``HEADS`` under the kind of its answers.
"""

from typing import Any

from argus.export.heads.anomaly import AnomalyExport
from argus.export.heads.base import ExportHead, Output
from argus.export.heads.classification import ClassificationExport
from argus.export.heads.dense import DenseExport
from argus.export.heads.dense_detector import DenseDetectorExport
from argus.export.heads.detr import DETRExport
from argus.export.heads.instances import InstancesExport
from argus.export.heads.keypoints import KeypointsExport
from argus.export.heads.panoptic import PanopticExport
from argus.export.heads.query_masks import QueryMasksExport
from argus.export.heads.semantic import SemanticExport
from argus.export.heads.two_stage import TwoStageExport

__all__ = ["HEADS", "ExportHead", "Output", "find_head"]

HEADS: dict[str, tuple[type[ExportHead], ...]] = {
    "anomaly": (AnomalyExport,),
    "boundary": (DenseExport,),
    "classification": (ClassificationExport,),
    "depth": (DenseExport,),
    "instances": (
        InstancesExport,
        QueryMasksExport,
        DETRExport,
        DenseDetectorExport,
        TwoStageExport,
    ),
    "keypoints": (KeypointsExport,),
    "normals": (DenseExport,),
    "panoptic": (PanopticExport,),
    "saliency": (DenseExport,),
    "semantic": (SemanticExport,),
}


def find_head(kind: str, decoder: Any) -> tuple[type[ExportHead] | None, str]:
    """The class that exports a decoder.

    Args:
        kind: Of its answers.
        decoder: The decoder.

    Returns:
        The class, or ``None`` and the reason.
    """
    name = type(decoder).__name__
    if kind not in HEADS:
        return None, f"answers of the kind {kind or name!r} have no export"
    for head in HEADS[kind]:
        if isinstance(decoder, head.decoders):
            reason = head.why_not(decoder)
            return (None, reason) if reason else (head, "")
    known = ", ".join(cls.__name__ for head in HEADS[kind] for cls in head.decoders)
    return None, f"there is no export of a {name}; of the kind {kind!r} those are: {known}"
