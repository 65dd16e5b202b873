"""The full-size parts of MTV's configs: sizes, keys and steps."""

import inspect
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from argus.registry import MODELS
from argus.tasks import parse_tasks

BASE = Path(__file__).parents[2] / "configs/mtv/_base_"
STEPS = dict(pairs_10m=48_828, pairs_50m=122_070, pairs_100m=390_625)


@pytest.mark.parametrize(("name", "millions"), [("base_224", "250.275"), ("large_256", None)])
def test_model__is_built_from_the_parts(name: str, millions: str | None) -> None:
    config = Config.fromfile(BASE / f"{name}.py", format_python_code=False)
    parts = Config.fromfile(BASE / "tasks.py", format_python_code=False)
    names = ("captions", "selfsup", "grounding", "depth")
    configs = {name: parts[name] for name in names}
    configs["captions"]["train"] = dict(dataset=dict(type="ToyPairs"), batch_size=1)
    tasks = parse_tasks(configs, on_backbone=False)
    assert {task.stream for task in tasks.values()} == {"pairs"}
    decoders = {name: task.decoder for name, task in tasks.items()}
    with torch.device("meta"):
        model = MODELS.build(dict(**config.task_model, backbone=config.backbone, decoders=decoders))
    layers = model.backbone.config.vision_config.num_hidden_layers
    assert model.decoders["depth"].taps == tuple(layers * part // 4 for part in range(1, 5))
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert millions is None or f"{trained / 1e6:.3f}" == millions
    for decoder in decoders.values():
        # Every key of a decoder is in the config, with what it is set to.
        known = set(inspect.signature(decoder["type"].__init__).parameters) - {"self"}
        assert known == set(decoder) - {"type"}


@pytest.mark.parametrize(("name", "steps"), STEPS.items())
def test_schedule__has_the_papers_steps(name: str, steps: int) -> None:
    config = Config.fromfile(BASE / f"schedules/{name}.py", format_python_code=False)
    assert config.train_cfg.max_iters == steps
    warmup, cosine = config.param_scheduler
    assert warmup["end"] == cosine["begin"] == 1_000 == steps - cosine["T_max"]
    assert config.optim_wrapper.optimizer.lr == 5e-4
    assert config.optim_wrapper.optimizer.weight_decay == 0.0
