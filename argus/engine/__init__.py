"""The multitask engine: runner, loops, schedules, optimizer, averaging, checkpoints, logging."""

from argus.engine.checkpoint_hook import CheckpointHook
from argus.engine.ema import EMAHook
from argus.engine.optim import MultitaskOptimConstructor, MultitaskOptimWrapper
from argus.engine.pictures import PredictionPicturesHook
from argus.engine.progress import ProgressHook
from argus.engine.runner import MultitaskRunner
from argus.engine.train_loop import MultitaskTrainLoop
from argus.engine.val_loop import MultitaskTestLoop, MultitaskValLoop
from argus.engine.validation_pictures import ValidationPicturesHook

__all__ = [
    "CheckpointHook",
    "EMAHook",
    "MultitaskOptimConstructor",
    "MultitaskOptimWrapper",
    "MultitaskRunner",
    "MultitaskTestLoop",
    "MultitaskTrainLoop",
    "MultitaskValLoop",
    "PredictionPicturesHook",
    "ProgressHook",
    "ValidationPicturesHook",
]
