r"""Labels with the teachers of the paper: Depth Anything V2 Large, and RAM++ with OWLv2.

    python tools/mtv/label.py configs/mtv/labels/paper.py data/pairs/images \
        --out data/pairs/labels

The weights of Depth Anything V2 Large allow no commercial use; those of Small do. The files of
RAM++ have to be in data/ram_plus. The paper states 120,000 pictures an hour and GPU for depth and
18,000 for regions: 6,400 GPU hours for 100 million.
"""

from argus.mtv.labelling.depth import DepthLabeller
from argus.mtv.labelling.regions import RegionLabeller
from argus.mtv.labelling.taggers.ram_plus import RamPlus

labellers = [
    dict(
        type=DepthLabeller,
        model="depth-anything/Depth-Anything-V2-Large-hf",
        revision=None,  # of the Hub: a commit, so that all shards get labels of the same weights
        short_side=518,  # not stated in paper: the model's own
        max_ratio=5.0,  # not stated in paper: what fits into memory
        stored_side=518,  # not stated in paper
        batch_size=16,  # not stated in paper
        precision="bf16",  # not stated in paper
    ),
    dict(
        type=RegionLabeller,
        tagger=dict(
            type=RamPlus,
            weights="data/ram_plus/ram_plus_swin_large_14m.pth",
            tags="data/ram_plus/ram_tag_list.txt",
            thresholds="data/ram_plus/ram_tag_list_threshold.txt",
            most=100,  # not stated in paper
            precision="bf16",  # not stated in paper
        ),
        boxes=dict(
            model="google/owlv2-base-patch16-ensemble",
            revision=None,
            prompt="a photo of a {}",  # not stated in paper: OWLv2's own
            min_score=0.2,  # not stated in paper
            nms_iou=0.5,  # not stated in paper
            most=20,  # not stated in paper
            precision="bf16",  # not stated in paper
        ),
        batch_size=8,  # not stated in paper
    ),
]
threads = 12  # for all but the models
max_failed = 0.1  # share of a shard's samples
