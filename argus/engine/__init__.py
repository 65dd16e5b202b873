"""The multitask engine: what makes a config a training or an evaluation.

Here are runner, loops, schedules, optimizer, averaging and process groups. Around them: ``checks``
before the first step, ``loading`` of batches, ``balancing`` of the tasks, the ``guard`` over every
step, ``checkpoints``, and ``reports`` for people.
"""

from argus.engine.checkpoints.hook import CheckpointHook
from argus.engine.ema import EMAHook
from argus.engine.optim import MultitaskOptimConstructor, MultitaskOptimWrapper
from argus.engine.reports.conflicts import ConflictHook
from argus.engine.reports.pictures import PredictionPicturesHook
from argus.engine.reports.progress import ProgressHook
from argus.engine.reports.validation_pictures import ValidationPicturesHook
from argus.engine.runner import MultitaskRunner
from argus.engine.train_loop import MultitaskTrainLoop
from argus.engine.val_loop import MultitaskTestLoop, MultitaskValLoop

__all__ = [
    "CheckpointHook",
    "ConflictHook",
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
