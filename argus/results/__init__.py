"""What prediction returns: a plain dataclass of NumPy arrays per task, and all of one image."""

from argus.results.anomaly import Anomaly
from argus.results.base import TaskResult
from argus.results.boundary import Boundary
from argus.results.classification import Classification
from argus.results.depth import DepthMap
from argus.results.from_sample import RESULTS, result_from_sample
from argus.results.instances import Instances
from argus.results.normals import NormalMap
from argus.results.panoptic import PanopticMap, Segment
from argus.results.poses import Poses
from argus.results.prediction import Prediction
from argus.results.probability import ProbabilityMap
from argus.results.saliency import Saliency
from argus.results.semantic import SemanticMap

__all__ = [
    "RESULTS",
    "Anomaly",
    "Boundary",
    "Classification",
    "DepthMap",
    "Instances",
    "NormalMap",
    "PanopticMap",
    "Poses",
    "Prediction",
    "ProbabilityMap",
    "Saliency",
    "Segment",
    "SemanticMap",
    "TaskResult",
    "result_from_sample",
]
