"""A bad step is repeated alone, bit for bit, and traced to its picture and module."""

import json
import math
import shutil
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DATASETS, MODELS
from torch import nn

from argus.engine import MultitaskRunner
from argus.engine.guard.replay import replay
from argus.errors import DataError
from tests.toy import ToyBackbone, ToyClassification, toy_config


@DATASETS.register_module()
class OneBadPicture(ToyClassification):
    """One of the pictures holds a value that is not finite."""

    def __getitem__(self, index: int) -> dict:
        sample = super().__getitem__(index)
        if index == 5:
            sample["inputs"] = sample["inputs"].float()
            sample["inputs"][0, 2, 3] = math.inf
        sample["data_samples"].set_metainfo(dict(img_path=f"pictures/{index}.png"))
        return sample


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the first step that was not finite."""
    work_dir = tmp_path_factory.mktemp("run")
    config = toy_config(work_dir, train_cfg=dict(max_iters=8))
    config["tasks"]["classification"]["train"]["dataset"] = dict(type="OneBadPicture")
    config["tasks"]["semantic"]["decoder"]["decode_head"]["dropout_ratio"] = 0.5
    MultitaskRunner.from_cfg(Config(config)).train()
    return sorted((work_dir / "bad_steps").glob("*.json"))[0]


def test_replay__gives_the_same_losses_and_names_the_picture(record: Path) -> None:
    torch.manual_seed(99)  # the noise is that of the step, not of the process
    found = replay(record)
    assert found.is_repeated
    assert math.isfinite(found.values.losses["semantic"])
    assert found.values.losses["semantic"] == found.record["losses"]["semantic"]
    module = "decoders.classification.data_preprocessor (ClsDataPreprocessor)"
    assert found.modules.output == f"{module}, whose input is not either"
    text = found.text()
    assert "the losses are those of the training" in text
    (odd,) = [line for line in text.splitlines() if "not finite)" in line]
    assert odd.startswith("  image: ") and "1 not finite" in odd
    before = text[: text.index(odd)].splitlines()
    assert before[-1] == "classification: pictures/5.png"


def test_replay__without_the_weights_says_so(record: Path, tmp_path: Path) -> None:
    content = json.loads(record.read_text()) | dict(weights=None)
    moved = tmp_path / "bad_steps" / "record.json"
    moved.parent.mkdir()
    moved.write_text(json.dumps(content))
    shutil.copy(record.with_name(content["config"]), moved.parent)
    found = replay(moved)
    assert not found.is_repeated and "NOT those of the training" in found.text()


def test_replay__after_the_training_went_on_with_another_config(
    record: Path, tmp_path: Path
) -> None:
    work_dir = shutil.copytree(record.parents[1], tmp_path / "run")
    config = toy_config(work_dir, train_cfg=dict(max_iters=9), resume=True)
    config["backbone"]["channels"] = 8
    config["tasks"]["classification"]["train"]["batch_size"] = 2
    config["randomness"] = dict(seed=0, deterministic=False)
    for file in work_dir.glob("*.py"):  # what the resumed training does to the file of its name
        file.write_text(Config(config).pretty_text)
    assert replay(work_dir / "bad_steps" / record.name).is_repeated


class InfiniteSlope(nn.Module):
    """Changes no value; its gradient is infinite."""

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return values + (values - values.detach()).sqrt()


@MODELS.register_module()
class SteepBackbone(ToyBackbone):
    def __init__(self) -> None:
        super().__init__()
        self.steep = InfiniteSlope()

    def maps(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        first, second, *others = super().maps(images)
        return first, self.steep(second), *others


def test_replay__names_the_module_whose_gradient_is_the_first_in_backward_order(
    tmp_path: Path,
) -> None:
    config = toy_config(tmp_path, backbone=dict(type="SteepBackbone"), train_cfg=dict(max_iters=1))
    MultitaskRunner.from_cfg(Config(config)).train()
    (record,) = (tmp_path / "bad_steps").glob("*.json")
    found = replay(record)
    assert found.is_repeated and all(map(math.isfinite, found.values.losses.values()))
    assert not found.modules.output
    assert found.modules.gradient == "backbone.steep (InfiniteSlope), in SqrtBackward0"
    text = found.text()
    assert f"first gradient that is not finite: {found.modules.gradient}" in text
    assert " of parameters, the first: backbone.stages.0.weight" in text


def test_replay__of_a_training_without_a_seed(tmp_path: Path) -> None:
    config = toy_config(tmp_path, train_cfg=dict(max_iters=8), randomness=dict(seed=None))
    config["tasks"]["classification"]["train"]["dataset"] = dict(type="OneBadPicture")
    MultitaskRunner.from_cfg(Config(config)).train()
    assert replay(next((tmp_path / "bad_steps").glob("*.json"))).is_repeated


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (dict(format="x"), "is no record of a bad step"),
        (dict(config="../../evil.py"), "expected the name of a file"),
        (dict(weights="/etc/passwd"), "expected the name of a file"),
        (dict(config="gone.py"), "gone.py, which is not there"),
        (dict(config=None), "is damaged"),
        (dict(micro_batches=[]), "is damaged"),
        (dict(micro_batches=[dict(streams=dict(a=[dict(draw="x", index=0)]))]), "is damaged"),
        (dict(schedule="other"), "is damaged"),
        (dict(losses=3), "is damaged"),
        (dict(seed="0"), "is damaged"),
    ],
)
def test_replay__of_another_file(record: Path, tmp_path: Path, change: dict, words: str) -> None:
    file = tmp_path / "record.json"
    file.write_text(json.dumps(json.loads(record.read_text()) | change))
    with pytest.raises(DataError, match=words):
        replay(file)


def test_replay__of_no_json(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(DataError, match="cannot be read"):
        replay(tmp_path / "a.json")
