"""Backbones: image in, four feature maps (strides 4, 8, 16, 32) out."""

from .dinov2 import DinoVisionTransformer
from .plain import PlainViT
from .shared import SharedBackbone
from .siglip import SiglipVisionTransformer
from .trained import trained_backbone
from .traits import BackboneTraits, PackingBackbone
from .vit_adapter import ViTAdapter

__all__ = [
    "BackboneTraits",
    "DinoVisionTransformer",
    "PackingBackbone",
    "PlainViT",
    "SharedBackbone",
    "SiglipVisionTransformer",
    "ViTAdapter",
    "trained_backbone",
]
