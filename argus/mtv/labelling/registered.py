"""All labellers and taggers, for their registries."""

from argus.mtv.labelling.depth import DepthLabeller
from argus.mtv.labelling.regions import RegionLabeller
from argus.mtv.labelling.taggers.caption_phrases import CaptionPhrases

__all__ = ["CaptionPhrases", "DepthLabeller", "RegionLabeller"]
