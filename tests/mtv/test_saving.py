"""Folders: what transformers reads of them is the student, bit by bit."""

import copy
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import SiglipModel, SiglipVisionModel

from argus.errors import CheckpointError
from argus.mtv.decoders import Depth, Grounding
from argus.mtv.heads_file import HEADS_CONFIG, load_heads, read_decoder
from argus.mtv.model import MTVModel
from argus.mtv.saving import save_mtv, save_teacher, save_vision
from argus.mtv.siglip import siglip
from tests.mtv.tiny import DECODERS, SIZE, TASKS, batch, tiny_mtv


@pytest.fixture(scope="module")
def model() -> MTVModel:
    return tiny_mtv()


@pytest.fixture(scope="module")
def folder(model: MTVModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mtv")
    save_mtv(model, folder)
    return folder


def equal(first: torch.nn.Module, second: torch.nn.Module) -> bool:
    one, other = first.state_dict(), second.state_dict()
    return set(one) == set(other) and all(torch.equal(one[name], other[name]) for name in one)


def test_folder__is_a_siglip_of_the_same_bits(model: MTVModel, folder: Path) -> None:
    read = SiglipModel.from_pretrained(folder).eval()
    assert equal(read, model.backbone) and equal(siglip(pretrained=str(folder)), model.backbone)
    raw = batch([1, 2])
    inputs = dict(
        input_ids=torch.stack([sample["vl"].ids for sample in raw["data_samples"]]),
        pixel_values=torch.stack(raw["inputs"]) / 127.5 - 1,
    )
    with torch.no_grad():
        expected = model.backbone.eval()(**inputs).logits_per_image
        assert torch.equal(read(**inputs).logits_per_image, expected)


def test_folder__in_sixteen_bits_is_trained_in_float32(model: MTVModel, tmp_path: Path) -> None:
    copy.deepcopy(model.backbone).half().save_pretrained(tmp_path)
    read = siglip(pretrained=str(tmp_path))
    assert {tensor.dtype for tensor in read.parameters()} == {torch.float32}


def test_vision_alone__is_read_by_transformers(model: MTVModel, tmp_path: Path) -> None:
    save_vision(model, tmp_path)
    assert equal(SiglipVisionModel.from_pretrained(tmp_path), model.backbone.vision_model)
    # Older releases read no other names, and this file; so does TinyLLaVA.
    names = load_file(tmp_path / "model.safetensors")
    assert all(name.startswith("vision_model.") for name in names)
    stored = json.loads((tmp_path / "preprocessor_config.json").read_text())
    assert stored["image_processor_type"] == "SiglipImageProcessor"
    assert stored["size"] == dict(height=SIZE, width=SIZE) and stored["resample"] == 3


def test_heads__go_on_where_they_were(
    model: MTVModel, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The teacher's heads are copies of them; a task that the folder has not is named."""
    others = {task: DECODERS[task] for task in TASKS} | dict(near=DECODERS["depth"])
    read = dict(type=siglip, pretrained=str(folder))
    told: list[str] = []
    monkeypatch.setattr("argus.mtv.model.print_log", lambda text, **where: told.append(text))
    other = MTVModel(read, others, heads=str(folder))
    assert told == [f"task_model.heads: {folder} has nothing of near, which begin anew."]
    for name, own in model.decoders.state_dict().items():
        assert torch.equal(own, other.decoders.state_dict()[name]), name
    teacher = other.decoders["ssl"].teacher
    assert equal(teacher.picture_head, other.decoders["ssl"].picture_head)


def test_training__begins_from_a_folder(model: MTVModel, folder: Path) -> None:
    """The teacher is a copy of what was read; scale and bias are those of the folder."""
    with torch.no_grad():
        model.backbone.logit_scale.fill_(3.0)
    save_mtv(model, folder)
    decoders = {task: DECODERS[task] for task in TASKS}
    started = MTVModel(dict(type=siglip, pretrained=str(folder)), decoders)
    assert equal(started.decoders["ssl"].teacher.vision, model.backbone.vision_model)
    assert started.backbone.logit_scale == 3.0
    started.init_weights()  # as a runner calls it
    assert equal(started.backbone, model.backbone)


def test_decoders__are_built_from_a_folder(model: MTVModel, folder: Path) -> None:
    depth = read_decoder(folder, Depth, model.backbone)
    grounding = read_decoder(folder, Grounding, model.backbone)
    assert depth is not None and equal(depth, model.decoders["depth"])
    assert grounding is not None and equal(grounding, model.decoders["grounding"])


def test_decoders__of_another_size_are_refused(
    model: MTVModel, folder: Path, tmp_path: Path
) -> None:
    other = MTVModel(model.backbone, dict(depth=DECODERS["depth"] | dict(fusion=4)))
    with pytest.raises(CheckpointError, match="depth does not fit the model: .* in the file"):
        load_heads(other.decoders, folder)
    save_mtv(other, tmp_path)
    text = (tmp_path / HEADS_CONFIG).read_text()
    for wrong in (text.replace('"fusion": 4', '"fusion": 2000000000'), text.replace("4", "x"), "{"):
        (tmp_path / HEADS_CONFIG).write_text(wrong)
        with pytest.raises(CheckpointError):
            read_decoder(tmp_path, Depth, model.backbone)


def test_folder__without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="is no SigLIP model that can be read"):
        siglip(pretrained=str(tmp_path))
    with pytest.raises(CheckpointError, match=f"there is no folder {tmp_path / 'nowhere'}"):
        siglip(pretrained=str(tmp_path / "nowhere"))
    with pytest.raises(CheckpointError, match="has no mtv_heads.safetensors"):
        load_heads(tiny_mtv("depth").decoders, tmp_path)


def test_teacher__is_written_alone(model: MTVModel, tmp_path: Path) -> None:
    with torch.no_grad():
        model.decoders["ssl"].teacher.vision.post_layernorm.bias.add_(1.0)
    save_teacher(model, tmp_path)
    read = SiglipVisionModel.from_pretrained(tmp_path)
    assert equal(read, model.decoders["ssl"].teacher.vision)
    assert not equal(read, model.backbone.vision_model)
    with pytest.raises(CheckpointError, match="there is no teacher"):
        save_teacher(tiny_mtv("vl"), tmp_path)
