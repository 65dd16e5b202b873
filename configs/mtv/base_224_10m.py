"""MTV-B/16 at 224 px, 10 million pairs, all four tasks (Table 3, last row).

    tools/dist_train.sh configs/mtv/base_224_10m.py 32

Cost: about 9 hours on 32 H200, by the paper's pictures per second.
Expected (paper; IN-1k, COCO T->I, I->T, VQA, ADE20k, NAVI, SPair, NYUv2 RMSE):
49.7 23.9 34.1 43.4 41.7 43.6 22.8 .512.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.default_runtime import *
    from ._base_.base_224 import *
    from ._base_.pairs import pairs
    from ._base_.schedules.pairs_10m import *
    from ._base_.tasks import captions, depth, grounding, selfsup
    from ._base_.validation import classes as _classes
    from ._base_.validation import retrieval as _retrieval

_size, _tokenizer = 224, "google/siglip-base-patch16-224"
captions.update(train=pairs, **_retrieval(_size, _tokenizer))
tasks = dict(
    captions=captions,
    selfsup=selfsup,
    grounding=grounding,
    depth=depth,
    classes=_classes(_size, _tokenizer),
)
del default_hooks["val_pictures"]  # there are no pictures of embeddings
