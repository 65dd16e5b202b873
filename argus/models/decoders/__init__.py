"""Decoders that OpenMMLab lacks; each is a detector, a neck or a head for one of its libraries."""

from argus.models.decoders.anomaly import AnomalyDetector, DRAEMHead, SimpleNetHead
from argus.models.decoders.attentive_pool import AttentivePooling
from argus.models.decoders.co_detr import CoDETR, CoDETRInstance
from argus.models.decoders.dense import (
    BinDepthHead,
    BoundaryHead,
    DenseEstimator,
    DensePreprocessor,
    DepthHead,
    DPTNetwork,
    NormalsHead,
    SaliencyHead,
    UPerNetwork,
)
from argus.models.decoders.dpt_keypoint import DPTKeypointHead
from argus.models.decoders.mask_dino import MaskDINO
from argus.models.decoders.vitpose import ViTPoseHead

__all__ = [
    "AnomalyDetector",
    "AttentivePooling",
    "BinDepthHead",
    "BoundaryHead",
    "CoDETR",
    "CoDETRInstance",
    "DPTKeypointHead",
    "DPTNetwork",
    "DRAEMHead",
    "DenseEstimator",
    "DensePreprocessor",
    "DepthHead",
    "MaskDINO",
    "NormalsHead",
    "SaliencyHead",
    "SimpleNetHead",
    "UPerNetwork",
    "ViTPoseHead",
]
