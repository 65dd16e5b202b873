"""Metrics of the tasks that OpenMMLab has none for."""

from argus.evaluation.metrics.anomaly_image import AnomalyImageMetric
from argus.evaluation.metrics.anomaly_pixel import AnomalyPixelMetric
from argus.evaluation.metrics.boundary import BoundaryMetric
from argus.evaluation.metrics.depth import DepthMetric
from argus.evaluation.metrics.normals import NormalsMetric
from argus.evaluation.metrics.panoptic import PanopticQuality
from argus.evaluation.metrics.saliency import SaliencyMetric
from argus.evaluation.metrics.streaming import State, StreamingMetric

__all__ = [
    "AnomalyImageMetric",
    "AnomalyPixelMetric",
    "BoundaryMetric",
    "DepthMetric",
    "NormalsMetric",
    "PanopticQuality",
    "SaliencyMetric",
    "State",
    "StreamingMetric",
]
