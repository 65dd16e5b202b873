"""All labellers and taggers, for their registries."""

from argus.mtv.labelling.depth import DepthLabeller
from argus.mtv.labelling.florence2 import Florence2Regions
from argus.mtv.labelling.regions import RegionLabeller
from argus.mtv.labelling.taggers.caption_phrases import CaptionPhrases
from argus.mtv.labelling.taggers.florence2_tags import Florence2Tags
from argus.mtv.labelling.taggers.ram_plus import RamPlus
from argus.mtv.labelling.taggers.tag_scores import TagScores

__all__ = [
    "CaptionPhrases",
    "DepthLabeller",
    "Florence2Regions",
    "Florence2Tags",
    "RamPlus",
    "RegionLabeller",
    "TagScores",
]
