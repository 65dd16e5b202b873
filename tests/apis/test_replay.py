"""A bad step is repeated alone, bit for bit, and traced to its picture and module."""

import json
import math
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DATASETS

from argus.apis.replay import replay
from argus.engine import MultitaskRunner
from argus.errors import DataError
from tests.toy import ToyClassification, toy_config


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
    assert found.origin == "decoders.classification.data_preprocessor (ClsDataPreprocessor)"
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
    (tmp_path / content["config"]).write_text((record.parents[1] / content["config"]).read_text())
    found = replay(moved)
    assert not found.is_repeated and "NOT those of the training" in found.text()


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
