"""Decoders of one or a few values per pixel: depth, boundary, normals, saliency."""

from argus.models.decoders.dense.boundary import BoundaryHead
from argus.models.decoders.dense.depth import BinDepthHead, DepthHead
from argus.models.decoders.dense.dpt_network import DPTNetwork
from argus.models.decoders.dense.estimator import DenseEstimator
from argus.models.decoders.dense.head import DenseHead
from argus.models.decoders.dense.normals import NormalsHead
from argus.models.decoders.dense.preprocessor import DensePreprocessor
from argus.models.decoders.dense.saliency import SaliencyHead
from argus.models.decoders.dense.uper_network import UPerNetwork

__all__ = [
    "BinDepthHead",
    "BoundaryHead",
    "DPTNetwork",
    "DenseEstimator",
    "DenseHead",
    "DensePreprocessor",
    "DepthHead",
    "NormalsHead",
    "SaliencyHead",
    "UPerNetwork",
]
