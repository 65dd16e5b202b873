"""A training whose validation data have nothing to measure on: told, not a number, not the end."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from argus.registry import DATASETS
from tests.engine.toy_training import train
from tests.toy import ToySegmentation, toy_tasks


@DATASETS.register_module()
class ToyUnlabelled(ToySegmentation):
    """Every pixel is ignored."""

    def __getitem__(self, index: int) -> dict[str, Any]:
        found = super().__getitem__(index)
        found["data_samples"].gt_sem_seg.data[:] = 255
        return found


def strictly(text: str) -> Any:
    """JSON as others read it, without NaN and infinity."""

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    return json.loads(text, parse_constant=refuse)


def unlabelled_tasks() -> dict[str, Any]:
    tasks = toy_tasks()
    tasks["semantic"]["val"] = dict(dataset=dict(type="ToyUnlabelled", length=2), num_workers=0)
    return tasks


def test_training__goes_on_without_the_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoint = dict(
        type="argus.CheckpointHook",
        interval=1,
        save_best=["semantic/mIoU", "multitask/mean_gain", "classification/top1"],
        rule="greater",
    )
    _, runner = train(
        tmp_path,
        tasks=unlabelled_tasks(),
        train_cfg=dict(max_iters=2, val_interval=1),
        val_cfg=dict(baseline={"semantic/mIoU": 0.5, "classification/top1": 0.5}),
        default_hooks=dict(
            logger=dict(type="argus.ProgressHook", interval=1), checkpoint=checkpoint
        ),
        visualizer=dict(type="Visualizer", vis_backends=[dict(type="LocalVisBackend")]),
    )
    assert runner.iter == 2
    (best,) = tmp_path.glob("best_*.pth")
    assert best.name.startswith("best_classification_top1")
    log = next(Path(runner.log_dir).glob("vis_data/*.json")).read_text()
    measured = [line for line in map(strictly, log.splitlines()) if "classification/top1" in line]
    assert len(measured) == 2
    assert not {"semantic/mIoU", "multitask/mean_gain"} & {key for m in measured for key in m}
    console = capsys.readouterr().out
    rows = [line.split() for line in console.splitlines()]
    assert rows.count(["semantic", "mIoU", "-", "-"]) == 2
    assert rows.count(["multitask", "mean_gain", "-", "-"]) == 2
    once = "semantic/aAcc, semantic/mIoU could not be measured: the val data have nothing to"
    assert console.count(once) == 1
    assert "val_cfg.baseline names semantic/mIoU, which could not" in console


def test_evaluation__absent_in_the_results(tmp_path: Path) -> None:
    _, runner = train(tmp_path, tasks=unlabelled_tasks(), train_cfg=dict(max_iters=1))
    metrics = runner.val_loop.run()
    assert "classification/top1" in metrics and "semantic/mIoU" not in metrics
    strictly(json.dumps(metrics))
    assert "| semantic       | mIoU   |        - |" in runner.val_loop.table(metrics, markdown=True)
    assert all(torch.isfinite(torch.tensor(value)) for value in metrics.values())
