"""What a stranger's model must not do, through every door that a model comes in by."""

import copy
import functools
import json
import pickle
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from argus import Argus
from argus.engine.evaluate import config_of_model
from argus.errors import CheckpointError, ConfigError
from argus.export import export_model
from argus.model_files.describe import describe
from argus.model_files.merge import merge
from argus.models.backbones import trained_backbone
from argus.storage.checkpoint import write_checkpoint
from argus.storage.config_values import to_json
from argus.storage.model_folder import ModelFolder
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
        type="argus.commands.launch.launch",
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


@functools.cache
def plain_files() -> dict[str, bytes]:
    """The files of a model's folder, which takes longer to write than to read."""
    with tempfile.TemporaryDirectory() as folder:
        tiny_model("depth").write(Path(folder) / "model")
        return {path.name: path.read_bytes() for path in (Path(folder) / "model").iterdir()}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "kept").touch()
    (tmp_path / "evil.pkl").write_bytes(pickle.dumps(Evil(tmp_path / "evil")))
    (tmp_path / "evil.py").write_text(f"open({str(tmp_path / 'evil')!r}, 'w')\ndataset_info={{}}")
    return tmp_path


def write(folder: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """The folder of a model whose config was changed by a stranger."""
    config = copy.deepcopy(tiny_model("depth").config)
    change(config)
    folder.mkdir(exist_ok=True)
    for name, content in plain_files().items():
        (folder / name).write_bytes(content)
    path = folder / "config.json"
    # With the mark that it shares with the other files, so that nothing but the attack is wrong.
    path.write_text(json.dumps(json.loads(path.read_text()) | to_json(config)))
    return folder


def attacked(place: Path, attack: str, part: str) -> Path:
    """The folder of a model with an attack in a part of its config."""
    evil = ATTACKS[attack](place)
    return write(place / "model", lambda config: PARTS[part](config, evil))


@contextmanager
def untouched(place: Path) -> Iterator[None]:
    """Nothing comes into a folder meanwhile, and nothing goes."""
    before = {path.name for path in place.iterdir()}
    yield
    assert {path.name for path in place.iterdir()} == before


@contextmanager
def refused(place: Path) -> Iterator[None]:
    """One of our own errors comes, and nothing else comes of it."""
    with untouched(place), pytest.raises((CheckpointError, ConfigError)):
        yield


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
    folder = attacked(place, attack, part)
    with refused(place):
        DOORS["predict"](folder)


@pytest.mark.parametrize("door", ["export", "test"])
@pytest.mark.parametrize("attack", ATTACKS)
def test_attack__through_another_door(attack: str, door: str, place: Path) -> None:
    for part in ("backbone", "head", "pipeline"):
        folder = attacked(place, attack, part)
        with refused(place):
            DOORS[door](folder)


@pytest.mark.parametrize("attack", ATTACKS)
def test_attack__as_a_trained_backbone(attack: str, place: Path) -> None:
    folder = attacked(place, attack, "backbone")
    with untouched(place), pytest.raises(CheckpointError):
        trained_backbone(checkpoint=str(folder))


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
        with refused(place):
            merge(path)


@pytest.mark.parametrize("attack", ATTACKS)
def test_info__names_an_attack_and_runs_nothing(attack: str, place: Path) -> None:
    folder = attacked(place, attack, "backbone")
    with untouched(place):
        assert describe(folder)["is"] == "model"


@pytest.mark.parametrize("command", ["predict", "serve", "test"])
def test_attack__through_a_command(command: str, place: Path, argus: CommandLine) -> None:
    folder = attacked(place, "command", "head")
    (place / "photo.jpg").touch()
    words = dict(
        predict=["predict", place / "photo.jpg", "--model", folder],
        serve=["serve", folder],
        test=["test", folder, "--work-dir", place / "work"],
    )
    with untouched(place):
        done = argus(*words[command])
    assert_mistake(done, "tasks.depth.decoder.head.type", "mmengine.call_command")


def test_init_cfg__is_left_out(place: Path) -> None:
    weights = place / "evil.pkl"
    torch.save(dict(x=Evil(place / "evil")), weights)

    def change(config: dict[str, Any]) -> None:
        pretrained = dict(type="Pretrained", checkpoint=str(weights))
        config["tasks"]["depth"]["decoder"]["init_cfg"] = pretrained

    model = Argus.from_pretrained(write(place / "model", change), device="cpu")
    assert list(model.tasks) == ["depth"] and not (place / "evil").exists()
