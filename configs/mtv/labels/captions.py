r"""Labels for your own pictures with captions: what is looked for are the nouns of the captions.

    python tools/mtv/label.py configs/mtv/labels/captions.py data/pairs/images \
        --out data/pairs/labels

All teachers allow commercial use, as their model cards say.
"""

from argus.mtv.labelling.depth import DepthLabeller
from argus.mtv.labelling.regions import RegionLabeller
from argus.mtv.labelling.taggers.caption_phrases import CaptionPhrases

labellers = [
    dict(
        type=DepthLabeller,
        model="depth-anything/Depth-Anything-V2-Small-hf",
        revision=None,  # of the Hub: a commit, so that all shards get labels of the same weights
        short_side=518,
        max_ratio=5.0,  # not stated in paper: what fits into memory
        stored_side=518,  # not stated in paper
        batch_size=16,  # not stated in paper
        precision="fp32",  # not stated in paper
    ),
    dict(
        type=RegionLabeller,
        tagger=dict(type=CaptionPhrases, rule="plain", most=20, max_words=3),
        boxes=dict(
            model="google/owlv2-base-patch16-ensemble",
            revision=None,
            prompt="a photo of a {}",  # not stated in paper: OWLv2's own
            min_score=0.2,  # not stated in paper
            nms_iou=0.5,  # not stated in paper
            most=20,  # not stated in paper
            precision="fp32",  # not stated in paper
        ),
        batch_size=8,  # not stated in paper
    ),
]
threads = 8  # for all but the models
max_failed = 0.1  # share of a shard's samples
