"""``argus info`` on a model, checkpoints and configs."""

import json
import pickle
from pathlib import Path

import pytest
import torch

from argus.storage.checkpoint import write_checkpoint
from tests.commands.command_line import CommandLine, assert_mistake
from tests.model_files.small_model import write_small_model
from tests.toy import write_config

TRAINED = "class:argus.models.backbones.trained.trained_backbone"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_small_model(tmp_path / "model")


def row(text: str, name: str) -> list[str]:
    line = next(line for line in text.splitlines() if line.strip().startswith(name))
    return [cell.strip() for cell in line.strip().split("  ") if cell.strip()]


def test_model__text(argus: CommandLine, model: Path) -> None:
    done = argus("info", model)
    assert (done.status, done.err) == (0, "")
    assert row(done.out, "model") == ["model", str(model)]
    assert row(done.out, "backbone ") == ["backbone", f"tiny, SHA-256 {'ab' * 32}"]
    assert row(done.out, "backbone parameters") == ["backbone parameters", "60,000"]
    assert row(done.out, "depth")[3:] == ["NYUv2", "21", "rmse", "0.5 m"]
    found = row(done.out, "instance")
    kind = ["instance", "instances", "MaskDINO", "CocoInstances"]
    assert found == [*kind, "2", "11", "bbox_mAP", "0.25"]
    assert "NYUv2: none stated" in done.out.split("terms of the training data")[1]


def test_model__json(argus: CommandLine, model: Path) -> None:
    found = json.loads(argus("info", model, "--json").out)
    assert found["is"] == "model" and found["format"] == "argus-model-1"
    assert found["tasks"]["depth"]["parameters"] == 21, "a counter is no parameter"
    assert found["tasks"]["depth"]["metrics"] == dict(rmse=0.5, delta1=0.9)
    assert found["sources"][0]["file"] == "iter_3.pth"
    assert found["bytes"] == (model / "model.safetensors").stat().st_size


def checkpoint(path: Path, *, stage: int, tuned: bool = False) -> Path:
    config = dict(
        decoder=dict(type="class:a.b.Head", data_preprocessor=dict(mean=[1.0], std=[2.0])),
        val=dict(dataset=dict(type="class:some.where.Data", metainfo=dict(classes=("x", "y")))),
        primary="mIoU",
        paper=dict(mIoU=0.5),
    )
    backbone = dict(type=TRAINED if stage == 2 else "class:a.ViTAdapter")
    state = {"decoders.parts.w": torch.zeros(5), "decoders.parts.n": torch.tensor(1)}
    if stage == 1 or tuned:
        state["backbone.w"] = torch.zeros(7)
    base = dict(name="vit", sha256="12" * 32, num_tensors=1)
    content = dict(
        meta=dict(
            argus_version="0.1.0",
            iter=40,
            time="2026-01-01T00:00:00",
            tasks=["parts"],
            model=dict(backbone=backbone, tasks=dict(parts=config), precision="bf16"),
        ),
        base=base,
        state_dict=state,
    )
    write_checkpoint(path, content | (dict(ema={}) if stage == 1 else {}))
    return path


@pytest.mark.parametrize(
    ("stage", "tuned", "backbone"), [(1, False, 7), (2, False, 0), (2, True, 7)]
)
def test_checkpoint__stage_base_and_iteration(
    argus: CommandLine, tmp_path: Path, stage: int, tuned: bool, backbone: int
) -> None:
    path = checkpoint(tmp_path / "iter_40.pth", stage=stage, tuned=tuned)
    found = json.loads(argus("info", path, "--json").out)
    assert (found["stage"], found["iteration"]) == (stage, 40)
    assert found["base"]["name"] == "vit" and found["averaged_weights"] == (stage == 1)
    assert found["backbone"]["parameters"] == backbone
    parts = found["tasks"]["parts"]
    assert (parts["decoder"], parts["dataset"], parts["parameters"]) == ("Head", "Data", 5)
    assert parts["classes"] == ["x", "y"]
    text = argus("info", path).out
    assert row(text, "stage") == ["stage", str(stage)]
    assert row(text, "stands on") == ["stands on", f"vit, SHA-256 {'12' * 32}"]
    assert row(text, "parts")[-2:] == ["mIoU", "0.5 (paper)"]


class _Code:
    """Unpickling it would make a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple:
        return Path.mkdir, (self.folder,)


def test_checkpoint__code_in_it_does_not_run(argus: CommandLine, tmp_path: Path) -> None:
    evil, proof = tmp_path / "evil.pth", tmp_path / "proof"
    evil.write_bytes(pickle.dumps({"format": "argus-checkpoint-1", "meta": _Code(proof)}))
    assert_mistake(argus("info", evil), "evil.pth", "tensors and plain values")
    assert not proof.exists()


def test_config__counts_parameters(argus: CommandLine, tmp_path: Path) -> None:
    found = json.loads(argus("info", write_config(tmp_path / "toy.py"), "--json").out)
    assert found["is"] == "config" and set(found["tasks"]) == {"semantic", "classification"}
    # A frozen 4 x 4 stem, and three 2 x 2 stages, of 8 channels.
    stem, stages = 3 * 16 * 8 + 8, 3 * (8 * 8 * 4 + 8)
    assert found["backbone"] == dict(parameters=stem + stages, trained=stages)
    head = found["tasks"]["classification"]
    assert head["parameters"] == 8 * 3 + 3 and head["batch_size"] and not found["note"]


def test_config__needs_no_weights_to_count(argus: CommandLine, tmp_path: Path) -> None:
    backbone = dict(type="trained_backbone", backbone=dict(type="ToyBackbone"), weights="ema")
    config = write_config(tmp_path / "toy.py", backbone=dict(backbone, checkpoint="no/such.pth"))
    found = json.loads(argus("info", config, "--json").out)
    assert found["backbone"]["parameters"] and found["backbone"]["trained"] == 0


def test_config__that_cannot_be_built_is_described_all_the_same(
    argus: CommandLine, tmp_path: Path
) -> None:
    backbone = dict(type="trained_backbone", checkpoint="no/such.pth")
    done = argus("info", write_config(tmp_path / "toy.py", backbone=backbone))
    assert done.status == 0 and "parameters are not counted" in done.out
    assert "backbone's config is needed" in done.out and "semantic" in done.out


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("none.pth", "none.pth does not exist"),
        ("none.py", "none.py"),
        ("nothing", "no such folder"),
        ("data.zip", "is a file"),
    ],
)
def test_mistakes(argus: CommandLine, tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "data.zip").touch()
    assert_mistake(argus("info", tmp_path / name), words)


def test_folder_of_no_model(argus: CommandLine, tmp_path: Path) -> None:
    assert_mistake(argus("info", tmp_path), "not the folder of a model", "model.safetensors")


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("manifest.json", "{}", "expected format"),
        ("manifest.json", "[1]", "expected format"),
        ("config.json", "{", "not JSON"),
        ("model.safetensors", "xx", "cannot be read"),
    ],
)
def test_damaged_model(
    argus: CommandLine, model: Path, file: str, content: str, words: str
) -> None:
    (model / file).write_text(content)
    assert_mistake(argus("info", model), file, words)


EVIL = "\x1b[2J\x1b]0;title\x07\x9b31m\u202etxt\r\nfake  row"


def test_text__of_a_manifest_commands_no_terminal(argus: CommandLine, model: Path) -> None:
    path = model / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["backbone"]["name"] = EVIL
    manifest["argus_version"] = EVIL
    task = manifest["tasks"]["depth"]
    task |= dict(licence=EVIL, dataset=EVIL, decoder=EVIL)
    path.write_text(json.dumps(manifest))
    text, as_json = (argus("info", model, *words).out for words in ([], ["--json"]))
    for found in (text, as_json):
        assert all(char.isprintable() or char == "\n" for char in found)
    assert r"\x1b[2J\x1b]0;title\x07\x9b31m\u202etxt\r\nfake  row" in text
    assert json.loads(as_json)["backbone"]["name"] == EVIL


def test_mistake__of_a_model_commands_no_terminal(argus: CommandLine, model: Path) -> None:
    path = model / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["tasks"][EVIL] = manifest["tasks"]["depth"]
    manifest["backbone"]["sha256"] = EVIL
    path.write_text(json.dumps(manifest))
    done = argus("info", model)
    assert done.status == 2 and done.err
    assert all(char.isprintable() or char == "\n" for char in done.err)
