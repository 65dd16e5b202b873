"""A released SigLIP, SigLIP 2 or MTV, trained on on your own pictures and captions.

    argus train configs/mtv/finetune.py

Write the model into ``_model`` and your data into ``_data``. Captions alone are trained;
``selfsup``, or ``grounding`` and ``depth`` with shards that have them, are added as in
``base_224_10m.py``. It validates retrieval on the part of the pictures that is split off, and
zero-shot classification on pictures in a folder for each class, if ``_class_folders`` names one.
"""

from mmengine.config import read_base
from mmengine.optim import CosineAnnealingLR, LinearLR
from mmpretrain.evaluation import Accuracy
from torch.optim import AdamW

from argus.datasets.class_folders import ClassFolders
from argus.datasets.transforms import LoadImage
from argus.mtv.data import OwnPairs, PackClass, PackPairs, RandomView, WholeView
from argus.mtv.decoders import Contrastive, ZeroShot
from argus.mtv.metrics import RetrievalRecall
from argus.mtv.model import MTVModel
from argus.mtv.siglip import siglip

with read_base():
    from .._base_.default_runtime import *

_model = "google/siglip-base-patch16-224"  # a folder or a name on the Hub
_data = "data/my_pairs"
_class_folders = None  # e.g. "data/my_classes", with data/my_classes/cat/1.jpg
_class_names = ("cat", "dog")  # of the folders, and in the sentences
_size = 224  # of the model
_max_iters = 2_000

# locked=["vision"] or ["text"] leaves an encoder as it is; chunk=64 lets large batches fit;
# heads=_model also begins with the heads that a folder of your own pretraining has.
task_model = dict(type=MTVModel, heads=None, locked=(), chunk=None)
backbone = dict(type=siglip, pretrained=_model)
_pack = dict(type=PackPairs, labels=dict(captions="captions"), tokenizer=_model)
_whole = dict(type=WholeView, size=_size)
tasks = dict(
    captions=dict(
        # "positive" or "ignore" where captions repeat: class templates, "no finding"
        decoder=dict(type=Contrastive, equal_texts="ignore"),
        stream="pairs",
        train=dict(
            dataset=dict(
                type=OwnPairs,
                data=_data,
                split="train",
                pipeline=[dict(type=RandomView, size=_size), _pack],
            ),
            batch_size=64,
            num_workers=4,
        ),
        val=dict(
            dataset=dict(
                type=OwnPairs,
                data=_data,
                split="val",
                pipeline=[_whole, dict(_pack, every_caption=True)],
            ),
            batch_size=64,
            num_workers=4,
        ),
        metrics=dict(type=RetrievalRecall, top=(1, 5, 10)),
        primary="image_to_text_r1",
        report=("image_to_text_r1", "text_to_image_r1"),
    )
)
if _class_folders is not None:
    tasks["classes"] = dict(
        decoder=dict(type=ZeroShot, names=_class_names, tokenizer=_model),
        val=dict(
            dataset=dict(
                type=ClassFolders,
                data_root=_class_folders,
                metainfo=dict(classes=_class_names),
                pipeline=[dict(type=LoadImage), _whole, dict(type=PackClass)],
            ),
            batch_size=64,
            num_workers=4,
        ),
        metrics=dict(type=Accuracy, topk=(1,)),
        primary="top1",
        report=("top1",),
    )
train_cfg = dict(max_iters=_max_iters, val_interval=500)
val_cfg = dict()
optim_wrapper = dict(
    optimizer=dict(type=AdamW, lr=1e-5, weight_decay=0.0, betas=(0.9, 0.98), eps=1e-6),
    clip_grad=dict(max_norm=1.0),
    paramwise_cfg=dict(layer_decay=0.8),
)
param_scheduler = [
    dict(type=LinearLR, start_factor=1e-3, by_epoch=False, begin=0, end=100),
    dict(
        type=CosineAnnealingLR,
        by_epoch=False,
        begin=100,
        end=_max_iters,
        T_max=_max_iters - 100,
        eta_min=0.0,
    ),
]
eval_weights = "raw"
del default_hooks["val_pictures"]  # there are no pictures of embeddings
