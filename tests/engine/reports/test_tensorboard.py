"""The numbers of a training are written as TensorBoard events, and can be read back."""

from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from argus.engine import MultitaskRunner
from tests.toy import toy_config

VISUALIZER = dict(
    type="Visualizer",
    vis_backends=[dict(type="LocalVisBackend"), dict(type="TensorboardVisBackend")],
)


def test_tensorboard__losses_rates_and_metrics_by_step(tmp_path: Path) -> None:
    config = toy_config(
        tmp_path, visualizer=VISUALIZER, train_cfg=dict(max_iters=4, val_interval=2)
    )
    runner = MultitaskRunner.from_cfg(Config(config))
    losses: list[float] = []
    metrics: list[float] = []
    call_hook = runner.call_hook

    def record(name: str, **kwargs) -> None:
        call_hook(name, **kwargs)
        if name == "after_train_iter":
            losses.append(kwargs["outputs"].losses["semantic"].item())
        if name == "after_val_epoch":
            metrics.append(kwargs["metrics"]["classification/top1"])

    runner.call_hook = record
    runner.train()
    runner.visualizer.close()

    (file,) = tmp_path.rglob("events.out.tfevents.*")
    events = EventAccumulator(str(file.parent))
    events.Reload()
    written = {name: events.Scalars(name) for name in events.Tags()["scalars"]}
    assert {"loss", "lr", "grad_norm", "semantic/mIoU", "classification/loss"} <= set(written)
    found = written["semantic/loss"]
    assert [event.step for event in found] == [1, 2, 3, 4]
    np.testing.assert_allclose([event.value for event in found], losses, rtol=1e-3)
    found = written["classification/top1"]
    assert [event.step for event in found] == [2, 4]
    np.testing.assert_allclose([event.value for event in found], metrics, rtol=1e-3)
    assert [event.value for event in written["lr"]] == pytest.approx([1e-3] * 4)
