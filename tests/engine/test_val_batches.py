"""Validation batches of pictures of several sizes give what the pictures give one by one."""

from pathlib import Path
from typing import Any

import pytest
import torch

from argus.registry import DATASETS
from tests.engine.toy_training import train
from tests.toy import ToyClassification, ToySegmentation, toy_tasks


@DATASETS.register_module()
class ToyOfTwoSizes(ToySegmentation):
    """Every second picture is larger."""

    def __getitem__(self, index: int) -> dict[str, Any]:
        self.size = (32, 64)[index % 2]
        return super().__getitem__(index)


@DATASETS.register_module()
class ToyClassesOfTwoSizes(ToyClassification):
    """Every second picture is larger."""

    def __getitem__(self, index: int) -> dict[str, Any]:
        self.size = (32, 64)[index % 2]
        return super().__getitem__(index)


def answers(folder: Path, batch_size: int, task: str) -> list[torch.Tensor]:
    """What a trained toy says of each validation picture, in their order."""
    tasks = toy_tasks()
    kinds = dict(semantic="ToyOfTwoSizes", classification="ToyClassesOfTwoSizes")
    tasks[task]["val"] = dict(
        dataset=dict(type=kinds[task], length=5), batch_size=batch_size, num_workers=0
    )
    _, runner = train(folder, tasks={task: tasks[task]}, train_cfg=dict(max_iters=1))
    found: list[torch.Tensor] = []
    predict = runner.raw_model.predict

    def record(*args: Any) -> list[Any]:
        samples = predict(*args)
        found.extend(s.seg_logits.data if task == "semantic" else s.pred_score for s in samples)
        return samples

    runner.raw_model.predict = record
    runner.val_loop.run()
    return found


@pytest.mark.parametrize("task", ["semantic", "classification"])
def test_sizes__in_one_batch_are_predicted_as_one_by_one(tmp_path: Path, task: str) -> None:
    single, batched = (answers(tmp_path / str(size), size, task) for size in (1, 4))
    assert len(single) == len(batched) == 5
    if task == "semantic":
        assert [tuple(s.shape[-2:]) for s in batched] == [(32, 32), (64, 64)] * 2 + [(32, 32)]
    for one, other in zip(single, batched, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)
