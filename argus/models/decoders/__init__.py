"""Decoders that OpenMMLab lacks; each is a detector, a neck or a head for one of its libraries."""

from argus.models.decoders.attentive_pool import AttentivePooling
from argus.models.decoders.dpt_keypoint import DPTKeypointHead
from argus.models.decoders.mask_dino import MaskDINO

__all__ = ["AttentivePooling", "DPTKeypointHead", "MaskDINO"]
