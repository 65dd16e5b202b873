r"""MTV on generated scenes: a small encoder from random weights with all four tasks, for a laptop.

    python -m argus.datasets.scenes data/mtv_scenes --shards --layouts imagenet ade20k \
        --num-train 1600 --num-classification 3000 200 --size 96 96
    python -m argus.mtv.data.train_tokenizer data/mtv_scenes/shards/train/images \
        data/mtv_scenes/tokenizer --regions data/mtv_scenes/shards/train/regions --vocabulary 300 \
        --length 32
    tools/dist_train.sh configs/mtv/scenes.py 2

Two processes of one thread each; ``make demo-mtv`` runs all of it, and measures the model.
"""

from mmengine.config import read_base
from mmpretrain.evaluation import Accuracy
from torch.optim import AdamW

from argus.datasets.class_folders import ClassFolders
from argus.datasets.scenes.classes import CLASSIFICATION_CLASSES
from argus.datasets.transforms import LoadImage
from argus.mtv.collapse import CollapseHook
from argus.mtv.data import (
    LabelShares,
    LocalCrops,
    PackClass,
    PackPairs,
    RandomView,
    ShardPairs,
    WholeView,
)
from argus.mtv.decoders import Contrastive, Depth, Grounding, SelfSupervised, ZeroShot
from argus.mtv.metrics import RetrievalRecall
from argus.mtv.model import MTVModel
from argus.mtv.siglip import siglip

with read_base():
    from .._base_.schedules.warm_cosine import warm_cosine as _warm_cosine
    from .._base_.default_runtime import *

_data = "data/mtv_scenes"
_tokenizer = f"{_data}/tokenizer"
_size, _patch, _width = 64, 8, 96
_length = 32  # tokens; of the captions, one in eleven is longer and is cut
_batch_size = 16  # of each of two processes; many small steps learn more than few large ones
_max_iters = 1450

task_model = dict(type=MTVModel, locked=(), chunk=None)
backbone = dict(
    type=siglip,
    vision=dict(
        image_size=_size,
        patch_size=_patch,
        hidden_size=_width,
        num_hidden_layers=4,
        num_attention_heads=3,
        intermediate_size=4 * _width,
    ),
    text=dict(
        vocab_size=300,
        max_position_embeddings=_length,
        hidden_size=_width,
        num_hidden_layers=2,
        num_attention_heads=3,
        intermediate_size=2 * _width,
        projection_size=_width,
    ),
    logit_bias=-3.4,  # minus the logarithm of the other pairs in a batch: where chance lies
)
captions = dict(
    # Pictures of one thing share their sentences: another's is as right.
    decoder=dict(type=Contrastive, equal_texts="positive"),
    stream="pairs",
    train=dict(
        dataset=dict(
            type=ShardPairs,
            data=f"{_data}/shards/train/images",
            regions=f"{_data}/shards/train/regions",
            depth=f"{_data}/shards/train/depth",
            pipeline=[
                dict(type=LocalCrops, number=2, size=32, scale=(0.1, 0.4)),
                dict(type=LabelShares, depth=0.4),  # saves a sixth of a step, for more steps
                dict(type=RandomView, size=_size, scale=(0.6, 1.0), min_side=8.0),
                dict(
                    type=PackPairs,
                    labels=dict(
                        captions="captions", selfsup="crops", grounding="regions", depth="depth"
                    ),
                    tokenizer=_tokenizer,
                    max_regions=3,
                    know_captions=True,
                ),
            ],
        ),
        batch_size=_batch_size,
        num_workers=1,
    ),
    val=dict(
        dataset=dict(
            type=ShardPairs,
            data=f"{_data}/shards/val/images",
            pipeline=[
                dict(type=WholeView, size=_size),
                dict(
                    type=PackPairs,
                    labels=dict(captions="captions"),
                    tokenizer=_tokenizer,
                    every_caption=True,
                ),
            ],
        ),
        batch_size=50,
        num_workers=1,
    ),
    loss_weight=1.5,
    metrics=dict(type=RetrievalRecall, top=(1, 5)),
    primary="image_to_text_r1",
    report=("image_to_text_r1", "text_to_image_r1"),
)
selfsup = dict(
    decoder=dict(
        type=SelfSupervised,
        num_prototypes=256,
        hidden=256,
        bottleneck=64,
        koleo_weight=0.5,  # so that it weighs 0.1, as in the paper
        ema_momentum=0.99,  # the paper's 0.994 is slow for so few steps
    ),
    stream="pairs",
    loss_weight=0.2,  # so that it does not outweigh the rest at the start
)
grounding = dict(
    decoder=dict(type=Grounding, max_regions=3, logit_bias=-4.2),
    stream="pairs",
    loss_weight=2.0,
)
depth = dict(
    decoder=dict(type=Depth, channels=(12, 16, 24, 32), fusion=12, hidden=8),
    stream="pairs",
    loss_weight=0.3,  # what else was tried is in the guide
)
classes = dict(
    decoder=dict(
        type=ZeroShot,
        names=CLASSIFICATION_CLASSES,
        tokenizer=_tokenizer,
        templates=("a photo of a {}", "a picture of a {}"),
    ),
    val=dict(
        dataset=dict(
            type=ClassFolders,
            data_root=f"{_data}/imagenet",
            data_prefix="val",
            metainfo=dict(classes=CLASSIFICATION_CLASSES),
            pipeline=[
                dict(type=LoadImage),
                dict(type=WholeView, size=_size),
                dict(type=PackClass),
            ],
        ),
        batch_size=50,
        num_workers=1,
    ),
    metrics=dict(type=Accuracy, topk=(1,)),
    primary="top1",
    report=("top1",),
)
tasks = dict(captions=captions, selfsup=selfsup, grounding=grounding, depth=depth, classes=classes)
train_cfg = dict(max_iters=_max_iters, schedule="joint", val_interval=_max_iters)
val_cfg = dict()
precision = "fp32"  # the documented results do not depend on the processor
eval_weights = "raw"
optim_wrapper = dict(
    optimizer=dict(type=AdamW, lr=1e-3, weight_decay=0.1, betas=(0.9, 0.98)),
    clip_grad=dict(max_norm=2.0),
    # At the rate of the others, scale and bias of the logits stay where they begin.
    paramwise_cfg=dict(lr_mult={"backbone.logit_scale": 10.0, "backbone.logit_bias": 10.0}),
)
param_scheduler = _warm_cosine(_max_iters, warmup_iters=60, start_factor=0.01, eta_min=0.0)
custom_hooks = [dict(type=CollapseHook, steps=100)]
del default_hooks["val_pictures"]  # there are no pictures of embeddings
