"""The models that are measured: those of the stage 1 config, with random weights."""

from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config

from argus.models.multitask import MultitaskModel
from argus.tasks import parse_tasks, streams_of

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
SEED = 0


def stage1_config(quick: bool) -> Any:
    """The config of stage 1 without weight file; ``quick`` takes the one for generated scenes."""
    name = "scenes/stage1_5task.py" if quick else "stage1_5task.py"
    config = Config.fromfile(CONFIGS / name)
    config.backbone.vit.weights = "random"
    config.backbone.freeze_vit = True
    return config


def build_model(config: Any, device: torch.device) -> MultitaskModel:
    """The multitask model of a config, in training mode on ``device``, the same at every call."""
    torch.manual_seed(SEED)
    tasks = parse_tasks(config.tasks)
    model = MultitaskModel(
        config.backbone,
        {name: task.decoder for name, task in tasks.items()},
        loss_weights={name: task.loss_weight for name, task in tasks.items()},
        streams=streams_of(tasks),
    )
    model.init_weights()
    return model.to(device).train()
