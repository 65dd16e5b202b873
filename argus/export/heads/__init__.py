"""Decoders as graphs: one class per kind of answer.

A new kind derives from :class:`ExportHead` and is listed in ``HEADS``.
"""

from typing import Any

from argus.export.heads.anomaly import AnomalyExport
from argus.export.heads.base import ExportHead, Output
from argus.export.heads.classification import ClassificationExport
from argus.export.heads.dense import DenseExport
from argus.export.heads.instances import InstancesExport
from argus.export.heads.keypoints import KeypointsExport
from argus.export.heads.panoptic import PanopticExport
from argus.export.heads.semantic import SemanticExport

__all__ = ["HEADS", "ExportHead", "Output", "find_head"]

HEADS: dict[str, type[ExportHead]] = {
    "anomaly": AnomalyExport,
    "boundary": DenseExport,
    "classification": ClassificationExport,
    "depth": DenseExport,
    "instances": InstancesExport,
    "keypoints": KeypointsExport,
    "normals": DenseExport,
    "panoptic": PanopticExport,
    "saliency": DenseExport,
    "semantic": SemanticExport,
}


def find_head(kind: str, decoder: Any) -> tuple[type[ExportHead] | None, str]:
    """The class that exports a decoder.

    Args:
        kind: Of its answers.
        decoder: The decoder.

    Returns:
        The class, or ``None`` and the reason.
    """
    if kind not in HEADS:
        return None, f"answers of the kind {kind or type(decoder).__name__!r} have no export"
    reason = HEADS[kind].why_not(decoder)
    return (None, reason) if reason else (HEADS[kind], "")
