"""The folder of a model with two tasks and a few numbers, which no code has to build."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from argus.storage.model_folder import CONFIG, FORMAT, MANIFEST, WEIGHTS, ModelFolder


def task(**values: Any) -> dict[str, Any]:
    return {
        **dict(
            kind="", decoder="Decoder", dataset="Data", classes=[], primary="", lower_is_better=[]
        ),
        **dict(units={}, paper={}, licence="", metrics={}),
        "input": dict(sizes=[], order="RGB", mean=[], std=[]),
        **values,
    }


def small_model() -> ModelFolder:
    depth = task(
        kind="depth",
        decoder="DenseEstimator",
        dataset="NYUv2",
        primary="rmse",
        units=dict(rmse="m"),
        paper=dict(rmse=0.29),
        metrics=dict(delta1=0.9, rmse=0.5, skipped_images=0.0),
        licence="NYUv2: none stated",
    )
    instance = task(
        kind="instances",
        decoder="MaskDINO",
        dataset="CocoInstances",
        classes=["person", "a | b"],
        primary="bbox_mAP",
        metrics=dict(bbox_mAP=0.25, bbox_mAP_l=-1.0),
    )
    state = {
        "backbone.weight": torch.arange(60_000.0).reshape(200, 300),
        "decoders.depth.head.weight": torch.ones(7, 3),
        "decoders.depth.head.steps": torch.tensor(5),
        "decoders.instance.weight": torch.zeros(11),
    }
    manifest = dict(
        format=FORMAT,
        argus_version="0.1.0",
        backbone=dict(name="tiny", sha256="ab" * 32, num_tensors=1, frozen=""),
        tasks=dict(depth=depth, instance=instance),
        sources=[
            dict(file="iter_3.pth", sha256="cd" * 32, stage=1, base={}, tasks=dict(d="depth"))
        ],
    )
    config = dict(backbone=dict(type="x"), tasks=dict(depth={}, instance={}), precision="fp32")
    return ModelFolder(config=config, state=state, manifest=manifest)


def write_small_model(folder: Path) -> Path:
    small_model().write(folder)
    return folder


def make_older(folder: Path) -> None:
    """Make a model's folder one of before checksums and the mark of a writing."""
    for name in (CONFIG, MANIFEST):
        content = json.loads((folder / name).read_text())
        del content["writing"]
        (folder / name).write_text(json.dumps(content))
    save_file(load_file(folder / WEIGHTS), folder / WEIGHTS, metadata={"format": FORMAT})
