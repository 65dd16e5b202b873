"""The trunk that the DPT decoders (keypoints, depth, saliency) share."""

from argus.models.decoders.dpt.decoder import DPTDecoder
from argus.models.decoders.dpt.fusion import FeatureFusion, PreActivationResidual

__all__ = ["DPTDecoder", "FeatureFusion", "PreActivationResidual"]
