"""Decoders alone learn a few real pictures by heart, on a small frozen backbone of random weights.

Not part of the fast tests, since it trains for minutes; run by ``make test-slow``. The decoders are
those of the full-size configs, narrower; pictures are small and not augmented.
"""

from pathlib import Path

import pytest
from mmengine.config import Config

from argus.datasets.transforms import JointResize
from argus.engine import MultitaskRunner
from tests.learning import expect_below
from tests.real_data.samples import needs_samples
from tests.real_data.stage2 import Record, narrow, sample_config

SIZE = (128, 160)  # height, width
STEPS = 200
# Loss of each task, the mean of the last ten steps. It was 2.8 for parsing, 4.6 for the semantic
# classes, 1.4 for normals, 0.44 for depth, 0.28 for saliency and 0.044 for boundaries at the start;
# for anomalies 1.2 in features and 0.006 in masks.
GOALS = {
    "nyuv2_joint": dict(nyuv2_semantic=0.15, boundary=0.016, normals=0.2, depth=0.15),
    "pascal_joint": dict(parsing=0.25, saliency=0.04),
    "mvtec_anomaly": dict(anomaly=0.1),
    "mvtec_anomaly_draem": dict(anomaly=0.001),
}


def overfit_config(name: str, folder: Path) -> Config:
    """A stage-2 config on small pictures without augmentation, to be learned by heart."""
    config = sample_config(name, folder, steps=STEPS)
    narrow(config)
    for task in config.tasks.values():
        task["decoder"]["data_preprocessor"]["size"] = SIZE
        for head in ("decode_head", "auxiliary_head"):
            task["decoder"].get(head, {}).update(dropout_ratio=0.0)
        if name == "mvtec_anomaly_draem":  # real defects and their masks, not painted ones
            task["train"]["dataset"] = task["val"]["dataset"]
        task.pop("val")
        if "train" in task:
            steps = task["train"]["dataset"]["pipeline"]
            task["train"]["dataset"]["pipeline"] = [
                *(step for step in steps if _is(step, "Load", "IfPresent")),
                dict(type=JointResize, scale=SIZE[::-1]),
                *(step for step in steps if _is(step, "Pack")),
            ]
            task["train"].update(batch_size=3)
    config.precision = "fp32"
    config.optim_wrapper.optimizer.update(lr=2e-3, weight_decay=0.0)
    if name == "mvtec_anomaly":
        config.optim_wrapper.optimizer.lr = 5e-4
        # Features of random weights differ too much from patch to patch for noise of 0.015.
        config.tasks["anomaly"]["decoder"]["head"]["noise_std"] = 1.0
    config.optim_wrapper.clip_grad = dict(max_norm=5.0)
    return config


def _is(step: dict, *beginnings: str) -> bool:
    return step["type"].__name__.startswith(beginnings)


@pytest.mark.trains
@pytest.mark.slow
@needs_samples
@pytest.mark.parametrize("name", GOALS)
def test_overfit__decoders_on_real_pictures(tmp_path: Path, name: str) -> None:
    runner = MultitaskRunner.from_cfg(overfit_config(name, tmp_path))
    record = Record(runner)
    runner.train()
    last = record.losses[-10:]
    for task, goal in GOALS[name].items():
        mean = sum(step[task] for step in last) / len(last)
        expect_below(f"real pictures: loss of {task}", mean, goal)
