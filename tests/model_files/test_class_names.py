"""Names that no config says, only the folders of the data, reach a model and its answers."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmcv.transforms import Resize
from mmengine.config import Config
from mmpretrain.datasets import CustomDataset, PackInputs
from PIL import Image

from argus.api import Argus
from argus.datasets.transforms import LoadImage
from argus.engine import MultitaskRunner
from argus.engine.evaluate import config_of_model, evaluate
from argus.model_files.describe import describe
from argus.model_files.merge import merge
from argus.models.multitask import MultitaskModel
from argus.storage.model_folder import ModelFolder
from tests.toy import toy_config, toy_tasks

NAMES = ["box", "cup", "pen"]


def picture(number: int) -> np.ndarray:
    pixels = np.full((32, 32, 3), 30, np.uint8)
    pixels[..., number] = 200
    return pixels


def data(root: Path, part: str) -> dict:
    for number, name in enumerate(NAMES):
        (root / part / name).mkdir(parents=True)
        Image.fromarray(picture(number)).save(root / part / name / "1.png")
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
    tell_colours_apart(runner.raw_model)
    runner.save_checkpoint(str(root), "perfect.pth", meta=dict(iter=1))
    runner.close()
    return root / "perfect.pth"


@torch.no_grad()
def tell_colours_apart(model: MultitaskModel) -> None:
    """Weights by hand: stages that pass means on, and the head that solves the task."""
    for stage in model.backbone.stages:
        stage.bias.zero_()
        stage.weight.zero_()
        stage.weight[range(8), range(8)] = 0.25
    bgr = [picture(number)[..., ::-1].copy() for number in range(3)]  # as the decoder asks for
    pictures = [torch.from_numpy(array).permute(2, 0, 1) for array in bgr]
    features = model.backbone((torch.stack(pictures) - 127.5) / 127.5)[-1].mean((2, 3))
    layer = model.decoder("objects").head.fc
    layer.weight.copy_(10 * torch.linalg.pinv(features).T)
    layer.bias.zero_()


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
    for number, name in enumerate(NAMES):
        prediction = model.predict(picture(number), tasks=["objects"])
        (result,) = prediction.results.values()
        assert result.classes == tuple(NAMES)
        assert result.top(1)[0][0] == name


@pytest.mark.parametrize("order", [NAMES, NAMES[::-1]])
def test_names__of_data_in_another_order_are_measured_by_name(
    checkpoint: Path, tmp_path: Path, order: list[str]
) -> None:
    model = merge(str(checkpoint))
    given = ["tasks.objects.val.dataset.data_prefix"]
    config = config_of_model(model, trusted=["tests"], given=given)
    config.work_dir = str(tmp_path)
    config.tasks.objects.val.dataset.metainfo = dict(classes=order)
    assert evaluate(config, model)[0]["objects/top1"] == 1.0
