"""Mask DINO: detection and instance, semantic and panoptic segmentation with one set of queries."""

from .criterion import MaskDINOCriterion
from .detector import MaskDINO
from .head import MaskDINOHead
from .pixel_encoder import MaskDINOPixelEncoder

__all__ = ["MaskDINO", "MaskDINOCriterion", "MaskDINOHead", "MaskDINOPixelEncoder"]
