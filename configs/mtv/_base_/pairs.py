"""Training data of MTV: shards of pictures and captions, with side-cars of regions and depth.

Values without a remark are stated in the paper (arXiv 2601.13886).
"""

from argus.mtv.data import LocalCrops, PackPairs, RandomView, ShardPairs

pairs = dict(
    dataset=dict(
        type=ShardPairs,
        data="data/pairs/images",
        regions="data/pairs/regions",
        depth="data/pairs/depth",
        pipeline=[
            dict(
                type=LocalCrops,
                number=6,
                size=96,  # not stated in paper; DINOv2
                scale=(0.05, 0.4),  # not stated in paper; SILC
            ),
            dict(
                type=RandomView,
                size=224,
                scale=(0.4, 1.0),  # not stated in paper; SILC
            ),
            dict(
                type=PackPairs,
                labels=dict(
                    captions="captions", selfsup="crops", grounding="regions", depth="depth"
                ),
                tokenizer="google/siglip-base-patch16-224",  # not stated in paper; SigLIP's
                max_regions=4,
            ),
        ],
    ),
    batch_size=128,  # per process; 4,096 by 32
    num_workers=8,
)
