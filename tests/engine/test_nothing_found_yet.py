"""A detector that finds nothing at its first validation goes on, measured as 0."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from mmdet.evaluation import CocoMetric
from mmengine.structures import InstanceData

from argus.datasets.checks.walk import check_tasks
from argus.engine.checks.data import RunChecks
from argus.models.multitask import MultitaskModel
from argus.registry import DATASETS
from tests.engine.toy_detection import ToyDetection, detection_sample, detection_tasks
from tests.engine.toy_training import train

SIZE = 32


@DATASETS.register_module()
class ToyUnlisted(ToyDetection):
    """Its samples say which picture they are of."""

    def __getitem__(self, index: int) -> dict[str, Any]:
        image, label = self.picture(index)
        return dict(inputs=image, data_samples=detection_sample(index, label, SIZE))


@DATASETS.register_module()
class ToyListed(ToyUnlisted):
    """It does so without loading one, as data sets of the libraries do."""

    def get_data_info(self, index: int) -> dict[str, int]:
        return dict(img_id=index)


def write_truth(path: Path) -> str:
    box = dict(bbox=[2, 2, 12, 12], area=144, iscrowd=0)
    content = dict(
        images=[dict(id=i, file_name=f"{i}.png", width=SIZE, height=SIZE) for i in range(3)],
        annotations=[dict(id=i, image_id=i, category_id=i + 1, **box) for i in range(3)],
        categories=[
            dict(id=i + 1, name=name) for i, name in enumerate(ToyDetection.METAINFO["classes"])
        ],
    )
    path.write_text(json.dumps(content))
    return str(path)


def test_training__best_checkpoint_and_baseline_of_a_detector_that_finds_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    predict = MultitaskModel.predict

    def find_nothing(self: MultitaskModel, task: str, batch: Any) -> Any:
        samples = predict(self, task, batch)
        for sample in samples if task == "instance" else ():
            sample.pred_instances = InstanceData(
                bboxes=torch.zeros(0, 4), scores=torch.zeros(0), labels=torch.zeros(0).long()
            )
        return samples

    monkeypatch.setattr(MultitaskModel, "predict", find_nothing)
    tasks = detection_tasks(2)
    tasks["instance"] |= dict(
        val=dict(dataset=dict(type="ToyListed", length=3), num_workers=0),
        metrics=dict(type=CocoMetric, ann_file=write_truth(tmp_path / "val.json"), metric="bbox"),
        primary="bbox_mAP",
    )
    best = dict(type="argus.CheckpointHook", save_best="instance/bbox_mAP", rule="greater")
    losses, runner = train(
        tmp_path / "out",
        tasks=tasks,
        train_cfg=dict(max_iters=2, val_interval=1),
        val_cfg=dict(baseline={"instance/bbox_mAP": 0.4}),
        default_hooks=dict(logger=dict(type="argus.ProgressHook"), checkpoint=best),
    )
    assert len(losses) == 2
    metrics = runner.val_loop.run()
    assert metrics["instance/bbox_mAP"] == 0.0
    assert metrics["multitask/mean_gain"] == pytest.approx(-1.0), "all of the baseline is lost"
    assert (tmp_path / "out/best_instance_bbox_mAP_iter_1.pth").is_file()


def test_validation__of_a_data_set_that_does_not_list_its_pictures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its samples say which picture they are of, which is all that the metric needs."""
    tasks = detection_tasks(2)
    tasks["instance"] |= dict(
        val=dict(dataset=dict(type="ToyUnlisted", length=3), num_workers=0),
        metrics=dict(type=CocoMetric, ann_file=write_truth(tmp_path / "val.json"), metric="bbox"),
        primary="bbox_mAP",
    )
    (_, findings) = check_tasks(dict(instance=tasks["instance"]), run=RunChecks())
    assert findings.where == "instance.val" and findings.errors == []
    assert "no get_data_info" in "".join(findings.warnings)
    losses, runner = train(
        tmp_path / "out", tasks=tasks, train_cfg=dict(max_iters=1, val_interval=1), val_cfg=dict()
    )
    assert len(losses) == 1
    assert "instance/bbox_mAP" in runner.val_loop.run()
    assert "ToyUnlisted has no get_data_info" in capsys.readouterr().out
