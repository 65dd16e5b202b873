"""MTV-B/16 at 224 px, 50 million pairs, all four tasks (Table 3, last row).

    tools/dist_train.sh configs/mtv/base_224_50m.py 32

Cost: about 21 hours on 32 H200, by the paper's pictures per second.
Expected (paper; IN-1k, COCO T->I, I->T, VQA, ADE20k, NAVI, SPair, NYUv2 RMSE):
62.9 35.0 50.5 45.8 43.7 44.1 24.5 .482.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.default_runtime import *
    from ._base_.base_224 import *
    from ._base_.pairs import pairs
    from ._base_.schedules.pairs_50m import *
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
