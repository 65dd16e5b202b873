"""MTV-B/16 at 224 px, 100 million pairs, all four tasks (Table 5).

    tools/dist_train.sh configs/mtv/base_224_100m.py 32

Cost: 5.7 days on 32 H200 (paper).
Expected (paper; IN-1k, COCO T->I, I->T, VQA, ADE20k, NAVI, SPair, NYUv2 RMSE):
69.5 41.2 57.1 45.6 44.6 43.8 28.4 .469.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.default_runtime import *
    from ._base_.base_224 import *
    from ._base_.pairs import pairs
    from ._base_.schedules.pairs_100m import *
    from ._base_.tasks import captions, depth, grounding, selfsup
    from ._base_.validation import classes as _classes
    from ._base_.validation import retrieval as _retrieval

_size, _tokenizer = 224, "google/siglip-base-patch16-224"
pairs["batch_size"] = 256  # per process; 8,192 by 32
captions.update(train=pairs, **_retrieval(_size, _tokenizer))
tasks = dict(
    captions=captions,
    selfsup=selfsup,
    grounding=grounding,
    depth=depth,
    classes=_classes(_size, _tokenizer),
)
del default_hooks["val_pictures"]  # there are no pictures of embeddings
