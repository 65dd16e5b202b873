"""Validation batches of pictures of several sizes, which mmseg's models do not predict together."""

from pathlib import Path
from typing import Any

import pytest

from argus.errors import ConfigError
from argus.registry import DATASETS
from tests.engine.toy_training import train
from tests.toy import ToySegmentation, toy_tasks


@DATASETS.register_module()
class ToyOfTwoSizes(ToySegmentation):
    """Every second picture is larger."""

    def __getitem__(self, index: int) -> dict[str, Any]:
        self.size = (32, 64)[index % 2]
        return super().__getitem__(index)


def train_with(folder: Path, batch_size: int) -> Any:
    tasks = toy_tasks()
    data = dict(type="ToyOfTwoSizes", length=4)
    tasks["semantic"]["val"] = dict(dataset=data, batch_size=batch_size, num_workers=0)
    return train(folder, tasks=tasks, train_cfg=dict(max_iters=1))[1]


def test_sizes__one_picture_at_a_time(tmp_path: Path) -> None:
    assert train_with(tmp_path, 1).val_loop.run()["semantic/aAcc"] >= 0


def test_sizes__in_one_batch_are_refused_with_the_remedy(tmp_path: Path) -> None:
    message = r"tasks\.semantic\.val\.batch_size: .* 32x32, 64x64 .*Set batch_size=1"
    with pytest.raises(ConfigError, match=message):
        train_with(tmp_path, 2)
