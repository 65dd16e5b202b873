"""Weight files are read as tensors, whoever loads them; nothing of a file runs."""

import argparse
import io
import os
import pickle
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import mmengine
import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.model import BaseModule
from mmengine.registry import MODELS
from mmengine.runner import CheckpointLoader
from torch import nn

from argus.commands.config_options import add_common_arguments, load_config
from argus.errors import CheckpointError
from argus.models.multitask import MultitaskModel
from argus.safe_load import (
    Placeholder,
    allow_unpickling,
    global_names,
    read_tensors,
    reader,
    tensors_only,
)
from tests.toy import ToyBackbone, semantic_decoder


class Trap:
    """Creates a file when it is unpickled."""

    def __init__(self, victim: Path) -> None:
        self.victim = victim

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.victim}",)


class OpenTrap(Trap):
    def __reduce__(self) -> tuple[Any, ...]:
        return open, (str(self.victim), "w")


class MethodTrap(Trap):
    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.victim,)


class EvalTrap(Trap):
    def __reduce__(self) -> tuple[Any, ...]:
        return eval, (f"open({str(self.victim)!r}, 'w')",)


class LibraryTrap(Trap):
    def __reduce__(self) -> tuple[Any, ...]:
        return mmengine.dump, ([1], str(self.victim), "json")


ROOT = Path(__file__).parents[2]
TRAPS = (Trap, OpenTrap, MethodTrap, EvalTrap, LibraryTrap)
WAYS: dict[str, Callable[[Any, Path], Any]] = {
    "archive": lambda content, path: torch.save(content, path),
    "archive of protocol 4": lambda content, path: torch.save(content, path, pickle_protocol=4),
    "older file": lambda content, path: torch.save(
        content, path, _use_new_zipfile_serialization=False
    ),
    "pickle": lambda content, path: path.write_bytes(pickle.dumps(content)),
    "oldest pickle": lambda content, path: path.write_bytes(pickle.dumps(content, 0)),
}
READERS: dict[str, Callable[[Path], Any]] = {
    "our own": read_tensors,
    "torch, as libraries call it": lambda path: torch.load(path, weights_only=False),
    "torch, with pickle": lambda path: torch.load(path, pickle_module=pickle, weights_only=False),
    "torch, from memory": lambda path: torch.load(io.BytesIO(path.read_bytes())),
    "mmengine": lambda path: CheckpointLoader.load_checkpoint(str(path), map_location="cpu"),
    "torch.hub": lambda path: torch.hub.load_state_dict_from_url(
        f"file://{path}", model_dir=str(path.parent / "cache")
    ),
}


@pytest.mark.parametrize("trap", TRAPS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("reader", READERS)
def test_trap__never_runs(trap: type[Trap], way: str, reader: str, tmp_path: Path) -> None:
    victim, path = tmp_path / "ran", tmp_path / "weights.pth"
    WAYS[way]({"weight": torch.ones(2), "x": trap(victim)}, path)
    with tensors_only():
        try:
            content = READERS[reader](path)
        except CheckpointError as error:
            assert "is not opened" in str(error) and "--unsafe-pickle" in str(error)
        else:
            assert isinstance(content["x"], Placeholder)
    assert not victim.exists()


def checkpoint_of_mmdet() -> dict[str, Any]:
    """What the released files of the OpenMMLab libraries hold beside their tensors."""
    history = HistoryBuffer([1.0, 2.0], [1, 1])
    log = OrderedDict(loss=history, lr=np.float64(0.1), seed=np.int64(3))
    meta = dict(epoch=12, cfg="model = dict()", time="2023", seed=np.array([1, 2]))
    state = OrderedDict(weight=torch.arange(6.0).reshape(2, 3), bias=torch.ones(2).half())
    state._metadata = OrderedDict(version=1)  # type: ignore[attr-defined]
    return dict(
        meta=meta, state_dict=state, message_hub=dict(log_scalars=log), path=Path("x"), cls={1, 2}
    )


@pytest.mark.parametrize("way", ["archive", "older file"])
@pytest.mark.parametrize("reader", READERS)
def test_released_file__gives_its_tensors(way: str, reader: str, tmp_path: Path) -> None:
    path = tmp_path / "mask_rcnn.pth"
    content = checkpoint_of_mmdet()
    WAYS[way](content, path)
    with tensors_only():
        found = READERS[reader](path)
    assert list(found["state_dict"]) == ["weight", "bias"]
    for name, value in content["state_dict"].items():
        assert torch.equal(found["state_dict"][name], value)
        assert found["state_dict"][name].dtype == value.dtype
    assert found["meta"]["epoch"] == 12 and found["meta"]["cfg"] == "model = dict()"
    log = found["message_hub"]["log_scalars"]["loss"]
    assert isinstance(log, Placeholder)
    assert repr(log) == "<mmengine.logging.history_buffer.HistoryBuffer, not loaded>"


def test_refusal__names_the_file_what_is_in_it_and_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    torch.save({"x": Trap(tmp_path / "ran")}, path)
    assert global_names(path) == {"posix.system"}
    message = (
        rf"{path} is not opened: besides tensors it holds posix.system, which unpickling would "
        r"import and may run. Save its tensors alone .* name it after --unsafe-pickle."
    )
    with pytest.raises(CheckpointError, match=message):
        read_tensors(path)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_names__are_found_in_every_protocol(protocol: int, tmp_path: Path) -> None:
    path = tmp_path / "x.pkl"
    content = [Trap(path), OrderedDict(), HistoryBuffer([1.0], [1]), partial(print)]
    path.write_bytes(pickle.dumps(content, protocol))
    names = global_names(path)
    assert {"posix.system", "collections.OrderedDict", "functools.partial"} <= names
    assert "mmengine.logging.history_buffer.HistoryBuffer" in names


@pytest.mark.parametrize("content", [b"", b"x" * 100, b"PK\x03\x04" + b"\0" * 50, b"\x80\x02."])
def test_damaged__is_one_sentence(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=f"is no file of tensors, .*{len(content)} bytes"):
        read_tensors(path)


def test_script__is_not_run(tmp_path: Path) -> None:
    path = tmp_path / "script.pt"
    torch.jit.script(nn.Linear(1, 1)).save(path)
    with tensors_only(), pytest.raises(CheckpointError, match="is no file of tensors"):
        torch.load(path, weights_only=False)


@pytest.mark.parametrize("way", WAYS)
def test_unsafe_pickle__opens_exactly_that_file(way: str, tmp_path: Path) -> None:
    victim, path, other = tmp_path / "ran", tmp_path / "a.pth", tmp_path / "b.pth"
    for file in (path, other):
        WAYS[way]({"x": OpenTrap(victim)}, file)
    allow_unpickling([path])
    with tensors_only():
        with pytest.raises(CheckpointError, match=r"b.pth is not opened"):
            torch.load(other, weights_only=False)
        assert not victim.exists()
        if way.startswith("archive") or way == "older file":
            with pytest.warns(UserWarning, match="a.pth is unpickled, which may run code"):
                torch.load(path, weights_only=True)
            assert victim.exists()
    with pytest.raises(CheckpointError, match="--unsafe-pickle .*no such file"):
        allow_unpickling([tmp_path / "none.pth"])


def test_elsewhere__torch_is_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "x.pth"
    torch.save({"x": HistoryBuffer([1.0], [1])}, path)
    with tensors_only():
        assert isinstance(torch.load(path, weights_only=False)["x"], Placeholder)
    assert isinstance(torch.load(path, weights_only=False)["x"], HistoryBuffer)


@MODELS.register_module()
class LoadingLoss(BaseModule):
    """A part that loads weights of its own as it is built, as some of the libraries do."""

    def __init__(self, path: str = "", **options: Any) -> None:
        super().__init__(options.get("init_cfg"))
        if path:
            torch.load(path, map_location="cpu", weights_only=False)


@pytest.mark.parametrize("trap", [Trap, OpenTrap])
def test_training__weights_that_a_config_names_are_read_as_tensors(
    trap: type[Trap], tmp_path: Path
) -> None:
    victim, path = tmp_path / "ran", tmp_path / "weights.pth"
    torch.save({"x": trap(victim)}, path)
    config = semantic_decoder()
    pretrained = dict(type="Pretrained", checkpoint=str(path))
    model = MultitaskModel(ToyBackbone(), dict(a={**config, "init_cfg": pretrained}))
    with pytest.raises(CheckpointError, match="is not opened"):
        model.init_weights()
    head = config["decode_head"]
    head["loss_decode"] = dict(type="mmengine.LoadingLoss", path=str(path))
    with pytest.raises(CheckpointError, match="is not opened"):
        MultitaskModel(ToyBackbone(), dict(a=config))
    assert not victim.exists()


def test_training__pretrained_part_of_a_released_file(tmp_path: Path) -> None:
    path = tmp_path / "fcn.pth"
    source: Any = MultitaskModel(ToyBackbone(), dict(a=semantic_decoder()))
    content = checkpoint_of_mmdet()
    content["state_dict"] = source.decoder("a").state_dict()
    torch.save(content, path)
    pretrained = dict(type="Pretrained", checkpoint=str(path))
    config = {**semantic_decoder(), "init_cfg": pretrained}
    model: Any = MultitaskModel(ToyBackbone(), dict(a=config))
    model.init_weights()
    for name, value in content["state_dict"].items():
        assert torch.equal(model.decoder("a").state_dict()[name], value)


def test_option__of_the_commands(tmp_path: Path) -> None:
    files = [tmp_path / "a.pth", tmp_path / "b.pth"]
    for file in files:
        file.touch()
    parser = argparse.ArgumentParser()
    parser.add_argument("config")
    add_common_arguments(parser)
    words = [str(ROOT / "configs/scenes/stage1_5task.py")]
    for file in files:
        words += ["--unsafe-pickle", str(file)]
    load_config(parser.parse_args(words))
    assert reader._allowed == set(files)
