"""What is wrong with a config or its surroundings, told by tools/train.py in one message."""

from pathlib import Path

import pytest

from tests.tools.tool_line import ToolLine, assert_one_message
from tests.toy import toy_tasks, write_config
from tools import test as test_tool
from tools import train as train_tool


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path / "toy.py")


def test_config__missing(run: ToolLine, tmp_path: Path) -> None:
    for tool, more in ((train_tool, []), (test_tool, ["none"])):
        done = run(tool, tmp_path / "no.py", *more)
        assert_one_message(done, "no.py does not exist")


@pytest.mark.parametrize("text", ["tasks = dict(", "tasks = 1 / 0", "raise OSError('disk')"])
def test_config__that_does_not_parse(run: ToolLine, tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.py").write_text(text)
    done = run(train_tool, tmp_path / "bad.py")
    assert_one_message(done, "bad.py")


def test_config__unknown_key_close_to_a_known_one(run: ToolLine, config: Path) -> None:
    config.write_text(config.read_text() + "\nload_form = 'a.pth'\n")
    done = run(train_tool, config)
    assert_one_message(done, "'load_form'", "did you mean 'load_from'")


def test_work_dir__that_cannot_be_made(run: ToolLine, config: Path) -> None:
    blocked = config / "inside_a_file"
    done = run(train_tool, config, "--work-dir", blocked)
    assert_one_message(done, f"work_dir {blocked}", "--work-dir")


def test_launcher__without_its_variables(
    run: ToolLine, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RANK", raising=False)
    done = run(train_tool, config, "--launcher", "pytorch")
    assert_one_message(done, "RANK", "tools/dist_train.sh")


def test_errors__wrong_keyword_of_a_part(run: ToolLine, config: Path) -> None:
    config.write_text(config.read_text() + "\noptim_wrapper['clipgrad'] = 1\n")
    done = run(train_tool, config)
    assert_one_message(done, "ConfigError", "clipgrad")


def test_errors__save_best_without_rule(run: ToolLine, config: Path) -> None:
    text = "\ndefault_hooks = dict(checkpoint=dict(type='argus.CheckpointHook', save_best='a/b'))\n"
    config.write_text(config.read_text() + text)
    done = run(train_tool, config)
    assert_one_message(done, "save_best", "rule='greater'")


@pytest.mark.parametrize(
    ("num_heads", "size", "words"),
    [
        (5, 32, ["channels divisible by the heads", "48 and 5"]),
        (4, 40, ["multiples of 32", "40"]),
    ],
    ids=["layer", "backbone"],
)
def test_errors__plain_value_errors_of_layers_and_backbones(
    run: ToolLine, tmp_path: Path, num_heads: int, size: int, words: list[str]
) -> None:
    vit = dict(type="DinoVisionTransformer", img_size=28, weights="random")
    vit["arch"] = dict(embed_dim=48, depth=4, num_heads=num_heads)
    backbone = dict(type="ViTAdapter", vit=vit, conv_inplane=16, norm_groups=8, num_interactions=2)
    tasks = dict(classification=toy_tasks()["classification"])
    tasks["classification"]["decoder"]["head"]["in_channels"] = 48
    tasks["classification"]["train"]["dataset"]["size"] = size
    config = write_config(tmp_path / "toy.py", tasks=tasks, backbone=backbone)
    done = run(train_tool, config)
    assert_one_message(done, "ConfigError: ", *words)
