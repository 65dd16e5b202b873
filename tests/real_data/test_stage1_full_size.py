"""The full-size stage 1 config on real samples: its own model and pipelines, small pictures.

Measured: 1.5 to 2 minutes on one core of a busy machine (one of CPU time), 5.5 GB at the peak.
"""

import math
import resource
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from torch import Tensor

from argus.engine import MultitaskRunner
from tests.real_data.samples import REPOSITORY, needs_samples, on_samples

pytestmark = pytest.mark.slow

NUM_STEPS = 3
# Sizes of the pipelines, of padding and of the sliding window; a quarter, and 96 for ImageNet's
# 224, since sides are multiples of 32. The keypoints' 256 x 192 stay.
SIZES = {
    1024: 256,
    1333: 333,
    800: 200,
    2048: 512,
    512: 128,
    341: 85,
    256: 110,
    224: 96,
}
SIZE_KEYS = ("scale", "crop_size", "size", "stride")


def reduce_sizes(config: object) -> None:
    """Replace picture sizes in pipelines and decoders, in place."""
    if isinstance(config, dict):
        for key, value in config.items():
            if key in SIZE_KEYS and isinstance(value, (int, tuple, list)):
                config[key] = reduced(value)
            else:
                reduce_sizes(value)
    elif isinstance(config, (list, tuple)):
        for item in config:
            reduce_sizes(item)


def reduced(value: int | tuple[int, ...]) -> int | tuple[int, ...]:
    return SIZES[value] if isinstance(value, int) else tuple(SIZES[side] for side in value)


def full_size_config(folder: Path) -> Config:
    config = Config.fromfile(REPOSITORY / "configs/stage1_5task.py")
    config.work_dir = str(folder / "work")
    config.backbone.vit.weights = "random"
    config.tasks = on_samples(config.tasks, folder, indices=3)
    reduce_sizes(config.tasks)
    for task in config.tasks.values():
        for part in ("train", "val"):
            task[part].update(batch_size=1, num_workers=0)
    config.train_cfg.max_iters = NUM_STEPS
    config.param_scheduler[0].start_factor = 1.0
    config.default_hooks.checkpoint.save_last = False  # it would be gigabytes
    return config


def copy_state(runner: MultitaskRunner) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in runner.raw_model.state_dict().items()}


@needs_samples
def test_full_size__trains_and_evaluates_on_real_samples(tmp_path):
    runner = MultitaskRunner.from_cfg(full_size_config(tmp_path))
    before: dict[str, Tensor] = {}
    losses: list[dict[str, float]] = []
    metrics: dict[str, float] = {}
    call_hook = runner.call_hook

    def record(name: str, **kwargs) -> None:
        if name == "before_train":
            before.update(copy_state(runner))
        if name == "after_train_iter":
            losses.append({task: loss.item() for task, loss in kwargs["outputs"].losses.items()})
        if name == "after_val_epoch":
            metrics.update(kwargs["metrics"])
        call_hook(name, **kwargs)

    runner.call_hook = record
    runner.train()

    assert len(losses) == NUM_STEPS
    for step in losses:
        assert set(step) == {"instance", "keypoints", "semantic", "classification"}
        assert all(math.isfinite(loss) and loss > 0 for loss in step.values())
    trainable = {n for n, p in runner.raw_model.named_parameters() if p.requires_grad}
    after = runner.raw_model.state_dict()
    same = {name for name in before if torch.equal(before[name], after[name])}
    frozen = {name for name in before if name.startswith("backbone.vit.")}
    assert len(frozen) > 150 and not frozen & trainable
    assert frozen <= same
    # The injectors' gamma and offsets start at zero, so queries are the last to get a gradient.
    assert {name for name in same & trainable if not name.endswith(".query_norm.weight")} == set()
    for name in (
        "instance/bbox_mAP",
        "instance/segm_mAP",
        "keypoints/AP",
        "keypoints/AR",
        "semantic/mIoU",
        "classification/top1",
    ):
        assert -1 <= metrics[name] <= 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 16 * 2**20  # kilobytes
