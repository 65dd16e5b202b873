"""The second wall: what a build for a file may not do, even if a constructor tries."""

import copy
import os
import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.registry import MODELS
from torch import nn

from argus import Argus
from argus.errors import CheckpointError
from argus.model_config import build_enclosed, names_only
from argus.storage.model_folder import ModelFolder
from tests.tiny_model import tiny_model

EFFECTS: dict[str, Callable[[Path], Any]] = {
    "write": lambda place: (place / "new").write_text("x"),
    "append": lambda place: (place / "kept").open("a"),
    "create": lambda place: os.open(place / "new", os.O_CREAT | os.O_WRONLY),
    "delete": lambda place: (place / "kept").unlink(),
    "rename": lambda place: (place / "kept").rename(place / "new"),
    "folder": lambda place: (place / "new").mkdir(),
    "link": lambda place: (place / "new").symlink_to(place / "kept"),
    "mode": lambda place: (place / "kept").chmod(0o777),
    "process": lambda place: subprocess.run(["touch", place / "new"], check=False),
    "shell": lambda place: os.system(f"touch {place / 'new'}"),
    "socket": lambda place: socket.create_connection(("127.0.0.1", 9), timeout=1),
    "name": lambda place: socket.getaddrinfo("localhost", 9),
    "environment": lambda place: os.environ.update(EVIL="1"),
}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "kept").write_text("kept")
    return tmp_path


@pytest.mark.parametrize("effect", EFFECTS)
def test_effect__is_refused(effect: str, place: Path) -> None:
    with pytest.raises(CheckpointError, match="would not only build a model"):
        with build_enclosed({}):
            EFFECTS[effect](place)
    assert [path.name for path in place.iterdir()] == ["kept"]
    assert (place / "kept").read_text() == "kept" and "EVIL" not in os.environ


@pytest.mark.parametrize("effect", EFFECTS)
def test_effect__that_a_library_hides_is_reported(effect: str, place: Path) -> None:
    with pytest.raises(CheckpointError, match="would not only build a model"):
        with build_enclosed({}):
            try:
                EFFECTS[effect](place)
            except Exception:
                pass


def test_effect__is_free_before_after_and_elsewhere(place: Path) -> None:
    with build_enclosed({}):
        assert (place / "kept").read_text() == "kept", "reading is allowed"
        thread = threading.Thread(target=EFFECTS["write"], args=(place,))
        thread.start()
        thread.join()
    assert (place / "new").read_text() == "x"
    EFFECTS["delete"](place)
    assert not (place / "kept").exists()


@pytest.mark.parametrize("name", ["antigravity", "mmengine.dump", "os.system", "json"])
def test_names_only__imports_nothing(name: str) -> None:
    with names_only(), pytest.raises(KeyError, match="is not in the"):
        MODELS.build(dict(type=name))


def test_names_only__finds_classes_of_models_alone() -> None:
    with names_only():
        assert MODELS.get("ReLU") is nn.ReLU
        with pytest.raises(CheckpointError, match="a model from a file may not use 'CLIP'"):
            MODELS.get("mmpretrain.CLIP")
    assert MODELS.get("mmengine.dump") is not None, "elsewhere registries are as they were"


def test_memory__is_bounded_by_the_tensors_of_the_file() -> None:
    for size in (10**10, 10**13):
        with pytest.raises(CheckpointError, match="does not fit its config: .* memory than"):
            with build_enclosed({}):
                torch.empty(size)
        with pytest.raises(CheckpointError, match="does not fit its config: .* memory than"):
            with build_enclosed({}):
                bytearray(size)
    assert torch.zeros(10**6).sum() == 0


def load(change: Callable[[dict[str, Any]], Any]) -> None:
    model = tiny_model("depth")
    config = copy.deepcopy(model.config)
    change(config)
    Argus(ModelFolder(config=config, state=model.state, manifest=model.manifest), device="cpu")


@pytest.mark.parametrize("key", ["num_interactions", "embed_dim", "depth", "num_heads", "channels"])
def test_size__beyond_the_tensors_is_one_sentence(key: str) -> None:
    def change(config: dict[str, Any]) -> None:
        backbone = config["backbone"]["backbone"]
        place = dict(
            num_interactions=backbone,
            channels=config["tasks"]["depth"]["decoder"]["head"]["network"],
        ).get(key)
        if place is None:
            place = backbone["vit"]["arch"] = dict(embed_dim=96, depth=2, num_heads=3)
        place[key] = 600_000

    with pytest.raises(ValueError) as error:
        load(change)
    assert len(str(error.value)) < 1000


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[" * 100_000 + "]" * 100_000, "nested too deep"),
        ('{"a":' * 20_000 + "1" + "}" * 20_000, "nested too deep"),
        ('{"a": ' + "9" * 5_000 + "}", "is not JSON"),
        ('{"a": "\\ud800"', "is not JSON"),
        ("", "is not JSON"),
        ('{"__tuple__": 3}', "'backbone' is missing"),
        ('{"tasks": {"__tuple__": [1]}}', "'backbone' is missing"),
    ],
)
def test_config__that_is_none(text: str, words: str, tmp_path: Path) -> None:
    model = tiny_model("depth")
    ModelFolder(config={}, state=model.state, manifest=model.manifest).write(tmp_path)
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(CheckpointError, match=words):
        Argus.from_pretrained(tmp_path, device="cpu")


def test_first_answer__of_a_config_that_makes_no_sense_is_one_sentence() -> None:
    model = tiny_model("instance", "depth")
    config = copy.deepcopy(model.config)
    config["tasks"]["instance"]["decoder"]["test_cfg"]["max_per_image"] = 0.5
    loaded = Argus(ModelFolder(config=config, state=model.state, manifest={}), device="cpu")
    picture = np.zeros((32, 32, 3), np.uint8)
    with pytest.raises(CheckpointError, match="the model does not fit its config: TypeError: "):
        loaded.predict(picture)
    assert loaded.predict(picture, tasks="depth")["depth"].metres.shape == (32, 32)


def test_test_cfg__that_is_no_dict_is_one_sentence() -> None:
    def change(config: dict[str, Any]) -> None:
        config["tasks"]["depth"]["decoder"]["test_cfg"] = [1, 1]

    with pytest.raises(CheckpointError, match="the model does not fit its config: "):
        load(change)
