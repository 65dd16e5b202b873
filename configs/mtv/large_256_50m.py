"""MTV-L/16 at 256 px, 50 million pairs, all four tasks (Table 3, last row).

    tools/dist_train.sh configs/mtv/large_256_50m.py 64

Cost: about 35 hours on 64 H200, by the paper's pictures per second.
Expected (paper; IN-1k, COCO T->I, I->T, VQA, ADE20k, NAVI, SPair, NYUv2 RMSE):
67.9 37.3 52.3 45.9 49.1 45.9 29.7 .421.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.default_runtime import *
    from ._base_.large_256 import *
    from ._base_.pairs import pairs
    from ._base_.schedules.pairs_50m import *
    from ._base_.tasks import captions, depth, grounding, selfsup
    from ._base_.validation import classes as _classes
    from ._base_.validation import retrieval as _retrieval

_size, _tokenizer = 256, "google/siglip-large-patch16-256"
pairs["batch_size"] = 64  # per process; 4,096 by 64
pairs["dataset"]["pipeline"][1]["size"] = _size
pairs["dataset"]["pipeline"][2]["tokenizer"] = _tokenizer
captions.update(train=pairs, **_retrieval(_size, _tokenizer))
tasks = dict(
    captions=captions,
    selfsup=selfsup,
    grounding=grounding,
    depth=depth,
    classes=_classes(_size, _tokenizer),
)
del default_hooks["val_pictures"]  # there are no pictures of embeddings
