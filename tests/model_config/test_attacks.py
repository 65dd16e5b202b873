"""What a stranger's model must not do, through every door that a model comes in by."""

import copy
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from argus import Argus
from argus.apis.benchmark import config_of_model
from argus.apis.describe import describe
from argus.apis.merge import merge
from argus.checkpoint import write_checkpoint
from argus.config_values import to_json
from argus.errors import CheckpointError, ConfigError
from argus.export import export_model
from argus.model_folder import ModelFolder
from argus.models.backbones import trained_backbone
from tests.commands.command_line import CommandLine, assert_mistake
from tests.tiny_model import tiny_model

ATTACKS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "command": lambda p: dict(
        type="mmengine.call_command", cmd=["sh", "-c", f"echo x > {p / 'evil'}"]
    ),
    "command by its full name": lambda p: dict(
        type="class:mmengine.utils.package_utils.call_command", cmd=["touch", str(p / "evil")]
    ),
    "launcher": lambda p: dict(
        type="argus.apis.launch.launch",
        arguments=["--no-python", "touch", str(p / "evil")],
    ),
    "pickle": lambda p: dict(type="mmengine.load", file=str(p / "evil.pkl")),
    "weights from the network": lambda p: dict(
        type="mmpretrain.get_model", model="resnet18_8xb32_in1k", pretrained="http://127.0.0.1:9/x"
    ),
    "write": lambda p: dict(type="mmengine.dump", obj=[1], file=str(p / "evil.json")),
    "delete": lambda p: dict(type="mmengine.remove", filepath=str(p / "kept")),
    "log": lambda p: dict(
        type="mmengine.logging.logger.MMLogger", name="evil", log_file=str(p / "evil.log")
    ),
    "log of the root registry": lambda p: dict(
        type="mmengine.MMLogger", name="evil", log_file=str(p / "evil.log")
    ),
    "padding": lambda p: dict(
        type="mmcv.cnn.bricks.conv_module.ConvModule",
        in_channels=1,
        out_channels=1,
        kernel_size=1,
        padding_mode="os.system",
        padding=f"touch {p / 'evil'}",
    ),
    "layer": lambda p: dict(
        type="ConvModule",
        in_channels=1,
        out_channels=1,
        kernel_size=1,
        norm_cfg=dict(type="os.system", command=f"touch {p / 'evil'}"),
    ),
    "module that acts when imported": lambda p: dict(type="argus.__main__.main"),
    "config file": lambda p: dict(type="mmpose.OKSLoss", metainfo=str(p / "evil.py")),
    "another scope": lambda p: dict(type="ConvModule", _scope_="evil"),
    "text to evaluate": lambda p: dict(
        type="RPNHead",
        in_channels=8,
        test_cfg=dict(nms=dict(type=f"open('{p / 'evil'}', 'w').close")),
    ),
}


class Evil:
    """What a pickle runs."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "kept").touch()
    (tmp_path / "evil.pkl").write_bytes(pickle.dumps(Evil(tmp_path / "evil")))
    (tmp_path / "evil.py").write_text(f"open({str(tmp_path / 'evil')!r}, 'w')\ndataset_info={{}}")
    return tmp_path


def write(folder: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """The folder of a model whose config was changed by a stranger."""
    model = tiny_model("depth")
    config = copy.deepcopy(model.config)
    change(config)
    ModelFolder(config=model.config, state=model.state, manifest=model.manifest).write(folder)
    (folder / "config.json").write_text(json.dumps(to_json(config)))
    return folder


def assert_untouched(place: Path, before: set[str]) -> None:
    assert {path.name for path in place.iterdir()} == before


DOORS: dict[str, Callable[[Path], Any]] = {
    "predict": lambda folder: Argus.from_pretrained(folder, device="cpu"),
    "export": lambda folder: export_model(folder, "all", folder / "exported"),
    "test": lambda folder: config_of_model(ModelFolder.read(folder)),
}
PARTS: dict[str, Callable[[dict[str, Any], dict[str, Any]], Any]] = {
    "backbone": lambda config, evil: config.update(backbone=evil),
    "inner backbone": lambda config, evil: config["backbone"].update(backbone=evil),
    "decoder": lambda config, evil: config["tasks"]["depth"].update(decoder=evil),
    "head": lambda config, evil: config["tasks"]["depth"]["decoder"].update(head=evil),
    "loss": lambda config, evil: config["tasks"]["depth"]["decoder"]["head"].update(loss=evil),
    "list": lambda config, evil: config["tasks"]["depth"]["decoder"].update(more=[[evil]]),
    "dataset": lambda config, evil: config["tasks"]["depth"]["val"].update(dataset=evil),
    "pipeline": lambda config, evil: config["tasks"]["depth"]["val"]["dataset"].update(
        pipeline=[evil]
    ),
}


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("attack", ATTACKS)
def test_attack__on_whom_predicts(attack: str, part: str, place: Path) -> None:
    evil = ATTACKS[attack](place)
    folder = write(place / "model", lambda config: PARTS[part](config, evil))
    before = {path.name for path in place.iterdir()}
    with pytest.raises((CheckpointError, ConfigError)):
        DOORS["predict"](folder)
    assert_untouched(place, before)


@pytest.mark.parametrize("door", ["export", "test"])
@pytest.mark.parametrize("attack", ATTACKS)
def test_attack__through_another_door(attack: str, door: str, place: Path) -> None:
    evil = ATTACKS[attack](place)
    for part in ("backbone", "head", "pipeline"):
        folder = write(place / "model", lambda config, part=part: PARTS[part](config, evil))
        before = {path.name for path in place.iterdir()}
        with pytest.raises((CheckpointError, ConfigError)):
            DOORS[door](folder)
        assert_untouched(place, before)


@pytest.mark.parametrize("attack", ATTACKS)
def test_attack__as_a_trained_backbone(attack: str, place: Path) -> None:
    evil = ATTACKS[attack](place)
    folder = write(place / "model", lambda config: PARTS["backbone"](config, evil))
    before = {path.name for path in place.iterdir()}
    with pytest.raises(CheckpointError):
        trained_backbone(checkpoint=str(folder))
    assert_untouched(place, before)


@pytest.mark.parametrize("attack", ATTACKS)
def test_attack__from_a_checkpoint_that_is_merged(attack: str, place: Path) -> None:
    evil, plain = ATTACKS[attack](place), tiny_model("depth").config
    for backbone, decoder in ((evil, plain["tasks"]["depth"]["decoder"]), (None, evil)):
        settings = dict(
            backbone=backbone or plain["backbone"], tasks=dict(depth=dict(decoder=decoder))
        )
        path = place / "stage1.pth"
        meta = dict(model=settings, tasks=["depth"])
        state = dict(meta=meta, base=dict(name="", sha256=""), state_dict={}, iter=1)
        write_checkpoint(path, state)
        before = {path.name for path in place.iterdir()}
        with pytest.raises((CheckpointError, ConfigError)):
            merge(path)
        assert_untouched(place, before)


@pytest.mark.parametrize("attack", ATTACKS)
def test_info__names_an_attack_and_runs_nothing(attack: str, place: Path) -> None:
    evil = ATTACKS[attack](place)
    folder = write(place / "model", lambda config: PARTS["backbone"](config, evil))
    before = {path.name for path in place.iterdir()}
    assert describe(folder)["is"] == "model"
    assert_untouched(place, before)


@pytest.mark.parametrize("command", ["predict", "serve", "test"])
def test_attack__through_a_command(command: str, place: Path, argus: CommandLine) -> None:
    evil = ATTACKS["command"](place)
    folder = write(place / "model", lambda config: PARTS["head"](config, evil))
    (place / "photo.jpg").touch()
    words = dict(
        predict=["predict", place / "photo.jpg", "--model", folder],
        serve=["serve", folder],
        test=["test", folder, "--work-dir", place / "work"],
    )
    before = {path.name for path in place.iterdir()}
    done = argus(*words[command])
    assert_mistake(done, "tasks.depth.decoder.head.type", "mmengine.call_command")
    assert_untouched(place, before)


def test_init_cfg__is_left_out(place: Path) -> None:
    weights = place / "evil.pkl"
    torch.save(dict(x=Evil(place / "evil")), weights)

    def change(config: dict[str, Any]) -> None:
        pretrained = dict(type="Pretrained", checkpoint=str(weights))
        config["tasks"]["depth"]["decoder"]["init_cfg"] = pretrained

    model = Argus.from_pretrained(write(place / "model", change), device="cpu")
    assert list(model.tasks) == ["depth"] and not (place / "evil").exists()
