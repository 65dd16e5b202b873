"""MTV-L/16 at 256 px, 100 million pairs, all four tasks (Table 5).

    tools/dist_train.sh configs/mtv/large_256_100m.py 64

Cost: 9.4 days on 64 H200 (paper).
Expected (paper; IN-1k, COCO T->I, I->T, VQA, ADE20k, NAVI, SPair, NYUv2 RMSE):
75.2 43.0 58.1 47.6 48.2 45.0 30.1 .414.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.default_runtime import *
    from ._base_.large_256 import *
    from ._base_.pairs import pairs
    from ._base_.schedules.pairs_100m import *
    from ._base_.tasks import captions, depth, grounding, selfsup
    from ._base_.validation import classes as _classes
    from ._base_.validation import retrieval as _retrieval

_size, _tokenizer = 256, "google/siglip-large-patch16-256"
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
