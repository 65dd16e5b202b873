"""What each task of MTV has of its own: parameters, demands on the passes, and its loss."""

from argus.mtv.decoders.contrastive import Contrastive
from argus.mtv.decoders.depth import Depth
from argus.mtv.decoders.grounding import Grounding
from argus.mtv.decoders.self_supervised import SelfSupervised
from argus.mtv.decoders.zero_shot import ZeroShot

__all__ = ["Contrastive", "Depth", "Grounding", "SelfSupervised", "ZeroShot"]
