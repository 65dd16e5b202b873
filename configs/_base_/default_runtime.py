"""What every training and test shares: logs, checkpoints, precision, seed."""

from mmengine.hooks import ParamSchedulerHook
from mmengine.visualization import LocalVisBackend, TensorboardVisBackend, Visualizer

from argus.engine import CheckpointHook, ProgressHook, ValidationPicturesHook

# No scope at all: the models of four libraries look their parts up in their own (see the runner).
default_scope = None

default_hooks = dict(
    logger=dict(type=ProgressHook, interval=50),
    param_scheduler=dict(type=ParamSchedulerHook),
    checkpoint=dict(type=CheckpointHook, interval=5000, max_keep_ckpts=2),
    val_pictures=dict(type=ValidationPicturesHook),
)
custom_hooks = []
visualizer = dict(
    type=Visualizer,
    vis_backends=[dict(type=LocalVisBackend), dict(type=TensorboardVisBackend)],
)

# The kind of mixed precision is not stated in paper; guess: bfloat16, which needs no loss scaling,
# where the device has it, float32 elsewhere. "bf16" and "fp32" by name are taken as they are.
precision = "auto"
# Weights that tools/test.py and load_from take where a checkpoint has both; or "raw".
eval_weights = "ema"
randomness = dict(seed=0)  # not stated in paper; guess
# not stated in paper; guess: cuDNN tries its algorithms once per shape
env_cfg = dict(cudnn_benchmark=True, dist_cfg=dict(timeout_s=1800))
load_from = None
resume = False
work_dir = None
