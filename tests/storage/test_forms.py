"""Every field of manifest, config and checkpoint with every kind of value: a sentence or fine."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from argus.commands.info import _lines
from argus.errors import CheckpointError
from argus.model_files.describe import describe
from argus.model_files.merge import _decoder_tensors
from argus.model_files.model_card import model_card
from argus.model_files.split import split
from argus.storage.checkpoint import read_checkpoint, write_checkpoint
from argus.storage.model_folder import CONFIG, MANIFEST, ModelFolder
from tests.model_files.small_model import small_model

VALUES: list[Any] = [
    None,
    True,
    -1,
    1.5,
    float("nan"),
    10**400,
    "",
    "../../../evil",
    "/tmp/evil",
    "a\0b",
    "x" * 5000,
    [],
    [None],
    [[1]],
    {},
    {"a": None},
    {"a": {"b": 1}},
]
_DELETE = object()


MANIFEST_CONTENT = json.loads(json.dumps({"format": "x", **small_model().manifest}))
CONFIG_CONTENT: dict[str, Any] = dict(
    backbone=dict(type="x", backbone=dict(type="y", vit=dict(type="z")), checkpoint="random"),
    tasks=dict(depth=dict(decoder=dict(type="x")), instance={}),
    precision="fp32",
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The keys that lead to every value below."""
    if path:
        yield path
    if isinstance(value, (dict, list)):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(item, (*path, key))


def changed(content: Any, path: tuple[Any, ...], value: Any) -> Any:
    content = copy.deepcopy(content)
    place = content
    for key in path[:-1]:
        place = place[key]
    if value is _DELETE:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return content


def assert_sentence(error: CheckpointError) -> None:
    text = str(error)
    assert len(text) < 600 and text.count("\n") <= 1, text


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("model") / "model")


def write(folder: Path) -> Path:
    small = small_model()
    small.config = CONFIG_CONTENT
    small.write(folder)
    return folder


@pytest.mark.parametrize(
    "path", list(places(MANIFEST_CONTENT)), ids=lambda p: ".".join(map(str, p))
)
def test_manifest__any_value_anywhere(model: Path, path: tuple[Any, ...], tmp_path: Path) -> None:
    whole = (model / MANIFEST).read_text()
    outside = sorted(tmp_path.rglob("*"))
    try:
        for value in [*VALUES, _DELETE]:
            content = changed(json.loads(whole), path, value)
            (model / MANIFEST).write_text(json.dumps(content))
            try:
                list(_lines(describe(model)))
                folder = ModelFolder.read(model)
                folder.add_metrics({"depth/x": 1.0})
                model_card(folder.manifest, name="a", num_values=dict(backbone=1))
                split(folder, tmp_path / "a/b/out")
            except CheckpointError as error:
                assert_sentence(error)
    finally:
        (model / MANIFEST).write_text(whole)
    written = {p for p in tmp_path.rglob("*") if tmp_path / "a/b/out" not in p.parents}
    assert written - {tmp_path / "a", tmp_path / "a/b", tmp_path / "a/b/out"} == set(outside)
    assert not Path("/tmp/evil").exists()


@pytest.mark.parametrize("path", list(places(CONFIG_CONTENT)), ids=lambda p: ".".join(map(str, p)))
def test_config__any_value_anywhere(model: Path, path: tuple[Any, ...], tmp_path: Path) -> None:
    whole = (model / CONFIG).read_text()
    try:
        for value in [*VALUES, _DELETE]:
            (model / CONFIG).write_text(json.dumps(changed(json.loads(whole), path, value)))
            try:
                list(_lines(describe(model)))
                split(ModelFolder.read(model), tmp_path / "out")
            except CheckpointError as error:
                assert_sentence(error)
    finally:
        (model / CONFIG).write_text(whole)


@pytest.mark.parametrize("content", ["[]", "null", "3", '"x"', "{}", "", "{", "\0", "[" * 99_999])
@pytest.mark.parametrize("name", [CONFIG, MANIFEST])
def test_json__another_file(model: Path, name: str, content: str) -> None:
    whole = (model / name).read_text()
    (model / name).write_text(content)
    try:
        for read in (ModelFolder.read, describe):
            with pytest.raises(CheckpointError, match=name) as caught:
                read(model)
            assert_sentence(caught.value)
    finally:
        (model / name).write_text(whole)


CHECKPOINT: dict[str, Any] = dict(
    meta=dict(
        argus_version="0.1.0",
        iter=40,
        time="2026-01-01",
        experiment="x",
        tasks=["parts"],
        model=dict(
            backbone=dict(type="class:a.B"),
            tasks=dict(
                parts=dict(
                    decoder=dict(type="class:a.b.Head"),
                    val=dict(dataset=dict(type="class:a.D", metainfo=dict(classes=["x", "y"]))),
                    primary="mIoU",
                    units=dict(mIoU="m"),
                    paper=dict(mIoU=0.5),
                    licence="",
                )
            ),
            precision="bf16",
        ),
    ),
    base=dict(name="vit", sha256="12" * 32, num_tensors=1),
    state_dict={"decoders.parts.w": torch.zeros(5), "backbone.w": torch.zeros(2)},
    ema={"backbone.w": torch.zeros(2)},
)


@pytest.mark.parametrize("path", list(places(CHECKPOINT)), ids=lambda p: ".".join(map(str, p)))
def test_checkpoint__any_value_anywhere(path: tuple[Any, ...], tmp_path: Path) -> None:
    for value in [*VALUES, _DELETE]:
        write_checkpoint(tmp_path / "a.pth", changed(CHECKPOINT, path, value))
        try:
            list(_lines(describe(tmp_path / "a.pth")))
        except CheckpointError as error:
            assert_sentence(error)


@pytest.mark.parametrize("key", ["meta", "base", "state_dict"])
def test_checkpoint__without_a_part(key: str, tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "a.pth", {k: v for k, v in CHECKPOINT.items() if k != key})
    with pytest.raises(CheckpointError, match=rf"a\.pth lacks {key}, which"):
        describe(tmp_path / "a.pth")


def test_checkpoint__numbers_as_weights(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "a.pth", CHECKPOINT | dict(state_dict={"w": [1.0, 2.0]}))
    message = r"a\.pth: state_dict\.w: expected a tensor, found a list of 2"
    with pytest.raises(CheckpointError, match=message):
        read_checkpoint(tmp_path / "a.pth")


@pytest.mark.parametrize(
    "name", ["../../evil.pth", "/tmp/evil.pth", "", ".", "a/b", "C:evil", "a\\b"]
)
def test_split__file_names_of_the_manifest_stay_in_the_folder(model: Path, name: str) -> None:
    whole = (model / MANIFEST).read_text()
    content = json.loads(whole)
    content["sources"][0]["file"] = name
    (model / MANIFEST).write_text(json.dumps(content))
    try:
        with pytest.raises(CheckpointError, match=r"sources\.0\.file: expected a file name"):
            ModelFolder.read(model)
    finally:
        (model / MANIFEST).write_text(whole)


@pytest.mark.parametrize(
    "name", ["decoders", "decoders.", "decoders.parts", "decoders.other.w", "x"]
)
def test_tensors__of_odd_names(tmp_path: Path, name: str) -> None:
    content = CHECKPOINT | dict(state_dict={name: torch.zeros(3)})
    write_checkpoint(tmp_path / "a.pth", content)
    list(_lines(describe(tmp_path / "a.pth")))
    if name in ("decoders", "x"):
        assert _decoder_tensors(content, dict(parts="parts"), "raw", "a.pth") == {}
        return
    with pytest.raises(CheckpointError, match=r"a\.pth holds the tensor 'decoders\."):
        _decoder_tensors(content, dict(parts="parts"), "raw", "a.pth")
