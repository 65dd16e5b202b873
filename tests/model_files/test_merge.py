"""One model of a backbone and its decoders: merging, splitting, and the numbers of every task."""

import json
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from safetensors.torch import load_file

from argus.engine import MultitaskRunner
from argus.engine.evaluate import config_of_model, evaluate
from argus.errors import CheckpointError, ConfigError
from argus.model_files.merge import merge
from argus.model_files.split import split
from argus.storage.checkpoint import read_checkpoint
from argus.storage.model_folder import ModelFolder
from tests.toy import toy_config, toy_tasks

TRUSTED = ["tests"]


def train(folder: Path, **changes) -> str:
    config = Config(toy_config(folder, train_cfg=dict(max_iters=2), **changes))
    runner = MultitaskRunner.from_cfg(config)
    runner.train()
    runner.close()
    return str(folder / "iter_2.pth")


def stage2(folder: Path, stage1: str, task: str, seed: int = 0, **options) -> str:
    backbone = dict(
        type="argus.trained_backbone",
        backbone=dict(type="ToyBackbone"),
        checkpoint=stage1,
        **options,
    )
    tasks = {task: toy_tasks()["semantic"] | dict(table="Further", licence="CC0")}
    return train(folder, backbone=backbone, tasks=tasks, randomness=dict(seed=seed))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    root = tmp_path_factory.mktemp("merge")
    ema = [dict(type="argus.EMAHook", decay=0.5)]
    stage1 = train(root / "stage1", custom_hooks=ema)
    one = Path(stage2(root / "a", stage1, "parts")).rename(root / "parts.pth")
    two = Path(stage2(root / "b", stage1, "wear", seed=1)).rename(root / "wear.pth")
    return [stage1, str(one), str(two)]


def measure(model: ModelFolder, work_dir: Path, **options) -> dict[str, float]:
    config = config_of_model(model, trusted=TRUSTED)
    config.work_dir = str(work_dir)
    return evaluate(config, model, **options)[0]


def test_merge__holds_every_tensor_and_says_what_is_in_it(files: list[str]) -> None:
    model = merge(files[0], files[1:], metrics={"parts/mIoU": 0.5, "other/x": 1.0})
    first = read_checkpoint(files[0])
    averaged = first["state_dict"] | first["ema"]
    for name, value in averaged.items():
        assert torch.equal(model.state[name], value), name
    assert "backbone.stem.weight" in model.state, "the frozen base too"
    assert list(model.manifest["tasks"]) == ["semantic", "classification", "parts", "wear"]
    parts = model.manifest["tasks"]["parts"]
    assert parts["licence"] == "CC0" and parts["dataset"] == "ToySegmentation"
    assert parts["metrics"] == {"mIoU": 0.5} and parts["input"]["mean"] == [127.5] * 3
    assert all("train" not in task for task in model.config["tasks"].values())


def test_merge__folder_round_trip_is_bit_equal(files: list[str], tmp_path: Path) -> None:
    model = merge(files[0], files[1:2])
    model.write(tmp_path / "model")
    again = ModelFolder.read(tmp_path / "model")
    assert again.config == model.config
    assert again.manifest == json.loads(json.dumps(model.manifest))
    assert again.state.keys() == model.state.keys()
    assert all(torch.equal(again.state[n], v) for n, v in model.state.items())
    names = {"model.safetensors", "config.json", "manifest.json"}
    assert {p.name for p in (tmp_path / "model").iterdir()} == names
    assert all(p.stat().st_mode & 0o444 == 0o444 for p in (tmp_path / "model").iterdir())


def test_merge__adding_a_decoder_changes_no_number(files: list[str], tmp_path: Path) -> None:
    small = measure(merge(files[0], files[1:2]), tmp_path / "a")
    large = measure(merge(files[0], files[1:]), tmp_path / "b")
    assert set(large) > set(small) and {n: large[n] for n in small} == small
    config = Config(toy_config(tmp_path / "c"))
    assert evaluate(config, files[0], weights="ema")[0].items() <= small.items()


def test_merge__some_tasks_of_a_model(files: list[str], tmp_path: Path) -> None:
    model = merge(files[0], files[1:])
    whole = measure(model, tmp_path / "a")
    part = measure(model, tmp_path / "b", tasks=["wear"])
    assert part == {n: v for n, v in whole.items() if n.startswith("wear/")}


def test_merge__tables_stand_under_their_headings(files: list[str], tmp_path: Path) -> None:
    model = merge(files[0], files[1:2])
    config = config_of_model(model)
    config.work_dir = str(tmp_path)
    table = evaluate(config, model)[1]
    head, rest = table.split("### Further\n\n")
    assert "classification" in head and "parts" in rest and "paper" in rest


def test_split__is_the_inverse(files: list[str], tmp_path: Path) -> None:
    model = merge(files[0], files[1:])
    written = split(model, tmp_path)
    assert [p.name for p in written] == ["stem.safetensors", *(Path(f).name for f in files)]
    frozen, *written = written
    assert torch.equal(load_file(frozen)["weight"], model.state["backbone.stem.weight"])
    for path, file in zip(written, files, strict=True):
        own, original = read_checkpoint(path), read_checkpoint(file)
        expected = original["state_dict"] | original.get("ema", {})
        assert own["base"] == original["base"]
        assert own["state_dict"].keys() == expected.keys()
        assert all(torch.equal(own["state_dict"][n], v) for n, v in expected.items())
    again = merge(written[0], written[1:])
    assert again.config == model.config and again.state.keys() == model.state.keys()
    assert all(torch.equal(again.state[n], v) for n, v in model.state.items())


def test_split__model_with_some_of_its_tasks(files: list[str], tmp_path: Path) -> None:
    model = merge(files[0], files[1:])
    del model.config["tasks"]["parts"], model.config["tasks"]["classification"]
    model.state = {
        name: value
        for name, value in model.state.items()
        if not name.startswith(("decoders.parts.", "decoders.classification."))
    }
    written = split(model, tmp_path)
    assert [path.name for path in written[1:]] == [Path(files[0]).name, "wear.pth"]
    again = merge(*written[1:2], written[2:])
    assert list(again.config["tasks"]) == ["semantic", "wear"]
    assert again.state.keys() == model.state.keys()


def test_split__model_of_unknown_sources_is_refused(files: list[str], tmp_path: Path) -> None:
    model = merge(files[0])
    model.manifest["sources"] = []
    with pytest.raises(CheckpointError, match="names no checkpoint of stage 1"):
        split(model, tmp_path / "parts")
    assert not (tmp_path / "parts").exists()


@pytest.mark.parametrize("name", ["../evil.pth", "/tmp/evil.pth", "a/b.pth", "..", "", 3])
def test_split__writes_below_its_folder_alone(
    files: list[str], tmp_path: Path, name: object
) -> None:
    for place in range(2):
        model = merge(files[0], files[1:2])
        model.manifest["sources"][place]["file"] = name
        with pytest.raises(CheckpointError, match="expected a name without folders"):
            split(model, tmp_path / "parts")
        assert not (tmp_path / "parts").exists() and not list(tmp_path.iterdir())


def test_merge__another_backbone_is_refused(files: list[str], tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="was trained on the backbone toy.*--weights"):
        merge(files[0], files[1:], weights="raw")
    other = train(tmp_path / "other", randomness=dict(seed=3))
    with pytest.raises(CheckpointError, match="was trained on the backbone"):
        merge(other, files[1:])


def test_merge__tuned_backbone_is_refused(files: list[str], tmp_path: Path) -> None:
    tuned = stage2(tmp_path, files[0], "parts", freeze=False)
    with pytest.raises(CheckpointError, match="tuned the backbone too"):
        merge(files[0], [tuned])


def test_merge__into_a_model_that_is_there(files: list[str], tmp_path: Path) -> None:
    merge(files[0], files[1:2]).write(tmp_path / "model")
    backbone = dict(type="argus.trained_backbone", checkpoint=str(tmp_path / "model"))
    tasks = dict(wear=toy_tasks()["semantic"])
    later = train(tmp_path / "wear", backbone=backbone, tasks=tasks, randomness=dict(seed=1))
    model = merge(tmp_path / "model", [later])
    assert list(model.manifest["tasks"]) == ["semantic", "classification", "parts", "wear"]
    at_once = merge(files[0], files[1:])
    assert model.state.keys() == at_once.state.keys()
    assert all(torch.equal(model.state[n], v) for n, v in at_once.state.items())


def test_merge__one_name_twice_needs_another(files: list[str], tmp_path: Path) -> None:
    clash = stage2(tmp_path, files[0], "semantic")
    with pytest.raises(CheckpointError, match="there is a task 'semantic' already.*--rename"):
        merge(files[0], [clash])
    model = merge(files[0], [clash], renames={(clash, "semantic"): "parts"})
    assert list(model.config["tasks"]) == ["semantic", "classification", "parts"]
    assert read_checkpoint(split(model, tmp_path / "out")[2])["meta"]["tasks"] == ["semantic"]
    with pytest.raises(ConfigError, match="no such task"):
        merge(files[0], [], renames={(files[0], "none"): "parts"})


def test_read__other_folders_are_refused(tmp_path: Path, files: list[str]) -> None:
    with pytest.raises(CheckpointError, match=r"not the folder of a model: model.safetensors"):
        ModelFolder.read(tmp_path)
    merge(files[0]).write(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"x")
    with pytest.raises(CheckpointError, match="cannot be read"):
        ModelFolder.read(tmp_path)
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(CheckpointError, match="is not JSON"):
        ModelFolder.read(tmp_path)


def test_load__config_and_tensors_have_to_fit(files: list[str], tmp_path: Path) -> None:
    model = merge(files[0])
    model.state.pop("decoders.semantic.decode_head.conv_seg.bias")
    with pytest.raises(CheckpointError, match=r"(?s)do not fit.*conv_seg.bias"):
        measure(model, tmp_path)


def test_evaluate__config_that_makes_no_sense_is_one_sentence(
    files: list[str], tmp_path: Path
) -> None:
    model = merge(files[0])
    model.config["tasks"]["semantic"]["val"]["dataset"]["metainfo"] = 3
    with pytest.raises(CheckpointError, match="the model does not fit its config: TypeError"):
        measure(model, tmp_path)
