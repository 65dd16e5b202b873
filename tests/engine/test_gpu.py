"""Stage 1 on a CUDA device in bfloat16: losses, gradients and predictions of its four decoders."""

import math
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from argus.datasets.scenes.generate import Settings, generate
from argus.engine import MultitaskRunner
from tests.real_data.samples import replace_data_root

CONFIG = Path(__file__).parents[2] / "configs/scenes/stage1_5task.py"
ROOTS = dict(
    instance="coco", keypoints="coco", semantic="ADEChallengeData2016", classification="imagenet"
)
SETTINGS = Settings(
    num_train=8,
    num_val=4,
    num_classification=(10, 10),
    num_anomaly=(0, 0, 0),
    width=128,
    height=128,
    seed=0,
    layouts=("coco", "ade20k", "imagenet"),
)


@pytest.mark.gpu
def test_stage1__trains_and_evaluates_in_bfloat16(tmp_path: Path) -> None:
    generate(tmp_path / "scenes", SETTINGS, num_workers=1)
    config = Config.fromfile(CONFIG)
    config.work_dir = str(tmp_path / "work")
    config.precision = "bf16"
    config.train_cfg.update(max_iters=2, val_interval=2)
    for name, task in config.tasks.items():
        root = str(tmp_path / "scenes" / ROOTS[name])
        config.tasks[name] = replace_data_root(task, root)
    runner = MultitaskRunner.from_cfg(config)
    losses: list[dict[str, float]] = []
    metrics: dict[str, float] = {}
    call_hook = runner.call_hook

    def record(name: str, **kwargs) -> None:
        if name == "after_train_iter":
            losses.append({task: loss.item() for task, loss in kwargs["outputs"].losses.items()})
        if name == "after_val_epoch":
            metrics.update(kwargs["metrics"])
        call_hook(name, **kwargs)

    runner.call_hook = record
    runner.train()

    assert len(losses) == 2
    assert all(set(step) == set(ROOTS) for step in losses)
    assert all(math.isfinite(loss) and loss > 0 for step in losses for loss in step.values())
    parameters = [p for p in runner.raw_model.parameters() if p.requires_grad]
    assert {(p.device.type, p.dtype) for p in parameters} == {("cuda", torch.float32)}
    assert all(torch.isfinite(p).all() for p in parameters)
    for name in ("instance/segm_mAP", "keypoints/AP", "semantic/mIoU", "classification/top1"):
        assert -1 <= metrics[name] <= 1
