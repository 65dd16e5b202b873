"""A merged model of every scenes task with random weights: what prediction and export tests use."""

import functools
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config

import argus
from argus.model_config import resolve_config, resolve_task
from argus.model_files.manifest import describe_task
from argus.models.backbones import trained_backbone
from argus.models.multitask import MultitaskModel
from argus.storage.checkpoint import tensor_hash
from argus.storage.config_values import to_plain
from argus.storage.model_folder import FORMAT, ModelFolder

CONFIGS = Path(__file__).parents[1] / "configs" / "scenes"
TASKS = (
    *("instance", "keypoints", "semantic", "classification", "panoptic", "depth"),
    *("boundary", "normals", "parsing", "saliency", "anomaly"),
)

# In a model of their own.
DETECTORS = ("mask_rcnn", "co_detr")


def tiny_model(*tasks: str) -> ModelFolder:
    """The model of ``configs/scenes`` untrained, with these tasks or ``TASKS``; always the same."""
    tasks = tasks or TASKS
    names = DETECTORS if set(tasks) & set(DETECTORS) else TASKS
    config, state = _whole(names)
    plain = {**config, "tasks": {task: config["tasks"][task] for task in tasks}}
    manifest = dict(
        format=FORMAT,
        argus_version=argus.__version__,
        backbone=dict(
            name="tiny", sha256=_hash_of(names), num_tensors=len(_backbone(state)), frozen=""
        ),
        tasks={task: describe_task(resolve_task(task, plain["tasks"][task])) for task in tasks},
        sources=[],
    )
    own = {n: v for n, v in state.items() if n.split(".")[0] != "decoders"}
    own |= {n: v for n, v in state.items() if n.startswith(tuple(f"decoders.{t}." for t in tasks))}
    return ModelFolder(config=plain, state=own, manifest=manifest)


def _backbone(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: value for name, value in state.items() if name.startswith("backbone.")}


@functools.cache
def _hash_of(names: tuple[str, ...]) -> str:
    """Of the backbone; to compute it takes as long as a test."""
    return tensor_hash(_backbone(_whole(names)[1]))


@functools.cache
def _whole(names: tuple[str, ...]) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    files = ["stage1_5task.py", "stage2_7task.py"]
    if names == DETECTORS:
        files[1:] = [f"stage2/{name}.py" for name in names]
    stages = [Config.fromfile(CONFIGS / name, format_python_code=False) for name in files]
    tasks = {name: task for stage in stages for name, task in stage.tasks.items()}
    backbone = dict(type=trained_backbone, backbone=stages[0].backbone, checkpoint="random")
    config = dict(
        backbone=to_plain(backbone),
        tasks={
            name: {k: to_plain(v) for k, v in tasks[name].items() if k not in ("train", "stream")}
            for name in names
        },
        precision=stages[0].get("precision", "bf16"),
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        built = resolve_config(config)
        model = MultitaskModel(
            built["backbone"], {name: task["decoder"] for name, task in built["tasks"].items()}
        )
        model.init_weights()
    return config, {name: value.clone() for name, value in model.state_dict().items()}
