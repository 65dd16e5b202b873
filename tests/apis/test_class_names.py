"""Names that no config says, only the folders of the data, reach a model and its answers."""

from pathlib import Path

import numpy as np
import pytest
from mmcv.transforms import Resize
from mmengine.config import Config
from mmpretrain.datasets import CustomDataset, PackInputs
from PIL import Image

from argus.apis.argus import Argus
from argus.apis.describe import describe
from argus.apis.merge import merge
from argus.datasets.transforms import LoadImage
from argus.engine import MultitaskRunner
from argus.model_folder import ModelFolder
from tests.toy import toy_config, toy_tasks

NAMES = ["box", "cup", "pen"]


def data(root: Path, part: str) -> dict:
    for number, name in enumerate(NAMES):
        (root / part / name).mkdir(parents=True)
        pixels = np.full((32, 32, 3), 80 * number, np.uint8)
        Image.fromarray(pixels).save(root / part / name / "1.png")
    pipeline = [dict(type=LoadImage), dict(type=Resize, scale=(32, 32)), dict(type=PackInputs)]
    return dict(type=CustomDataset, data_prefix=str(root / part), pipeline=pipeline)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("names")
    task = toy_tasks()["classification"]
    task["train"] = dict(dataset=data(root, "train"), batch_size=3, num_workers=0)
    task["val"] = dict(dataset=data(root, "val"), num_workers=0)
    config = toy_config(root / "work", tasks=dict(objects=task), train_cfg=dict(max_iters=1))
    runner = MultitaskRunner.from_cfg(Config(config))
    runner.train()
    runner.save_checkpoint(str(root), "one.pth", meta=dict(iter=1))
    runner.close()
    return root / "one.pth"


def test_names__of_folders_are_in_the_checkpoint_and_in_what_describes_it(checkpoint: Path) -> None:
    assert describe(checkpoint)["tasks"]["objects"]["classes"] == NAMES


def test_names__of_folders_are_in_the_model_and_its_answers(
    checkpoint: Path, tmp_path: Path
) -> None:
    merge(str(checkpoint)).write(tmp_path / "model")
    folder = ModelFolder.read(tmp_path / "model")
    assert folder.manifest["tasks"]["objects"]["classes"] == NAMES
    model = Argus(folder, device="cpu", dtype="fp32", trust=["tests"])
    assert model.tasks["objects"].classes == tuple(NAMES)
    prediction = model.predict(np.zeros((32, 32, 3), np.uint8), tasks=["objects"])
    (result,) = prediction.results.values()
    assert result.classes == tuple(NAMES)
    assert sorted(name for name, *_ in result.top()) == NAMES
