"""Settings on the command line: how values are read, and mistakes in names."""

import argparse
from pathlib import Path

import pytest

from argus.commands.config_options import load_config
from tests.tools.tool_line import ToolLine, assert_one_message
from tests.toy import write_config
from tools import train as train_tool


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path / "toy.py")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["max_iters"], ["expected KEY=VALUE", "'max_iters'"]),
        (["=3"], ["expected KEY=VALUE"]),
        (["train_cgf.max_iters=3"], ["there is no train_cgf in the config", "train_cfg"]),
        (["tasks.semantic.train.datset.length=3"], ["no tasks.semantic.train.datset", "dataset"]),
        (["tasks.semantic.trian.batch_size=3"], ["no tasks.semantic.trian", "train"]),
        (["tasks.semantic.batchsize=3"], ["tasks.semantic.batchsize: unknown key 'batchsize'"]),
        (["balancing.lr=1"], ["there is no balancing in the config"]),
        (["balancing.type=FAMO", "balancing.rate=1"], ["unknown key 'rate' of FAMO"]),
        (["precison=fp32"], ["unknown key 'precison'", "did you mean 'precision'"]),
        (["tasks.semantic.train.batchsize=3"], ["unknown key", "did you mean 'batch_size'"]),
        (["backbone.chanels=8"], ["unknown key 'chanels' of ToyBackbone", "'channels'"]),
        (["seed=3"], ["unknown key 'seed'", "The config has randomness.seed."]),
        (["tasks.semantic.max_iters=3"], ["unknown key 'max_iters'", "has train_cfg.max_iters."]),
        (["optimizer.lr=1"], ["no optimizer in the config", "has optim_wrapper.optimizer.lr."]),
        (["train_cfg.max_iter=3"], ["train_cfg", "'max_iter'", "max_iters"]),
        (["train_cfg.max_iters=0"], ["train_cfg.max_iters", "found 0"]),
        (["tasks.semantic.decoder.data_preprocessor.mean.7=1"], ["mean.7", "0, 1, 2"]),
        (["tasks.semantic.decoder.data_preprocessor.mean.x=1"], ["mean.x", "0, 1, 2"]),
    ],
)
def test_cfg_options__mistakes(
    run: ToolLine, config: Path, options: list[str], words: list[str]
) -> None:
    done = run(train_tool, config, "--cfg-options", *options)
    assert_one_message(done, *words)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a folder/x.pth", "a folder/x.pth"),
        ("'quoted'", "quoted"),
        ("3", 3),
        ("1e-3", 1e-3),
        ("true", True),
        ("None", None),
        ("[1, 2]", [1, 2]),
        ("(a, b)", ("a", "b")),
        ("1,2", [1, 2]),
    ],
)
def test_cfg_options__values(config: Path, text: str, value: object) -> None:
    arguments = argparse.Namespace(
        config=str(config),
        cfg_options=[f"randomness.note={text}"],
        amp=False,
        launcher="none",
        work_dir=None,
    )
    assert load_config(arguments).randomness.note == value
    arguments.cfg_options = ["balancing.type=FAMO", f"balancing.note={text}"]
    assert load_config(arguments).balancing == dict(type="FAMO", note=value)
