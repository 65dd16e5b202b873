"""The conversion of published Mask DINO weights, run as a user runs it."""

import pickle
from pathlib import Path

import pytest
import torch
from torch import nn

from argus.errors import CheckpointError
from argus.models.backbones.weights import read_weight_file
from argus.models.decoders.mask_dino import (
    MaskDINO,
    MaskDINOCriterion,
    MaskDINOHead,
    MaskDINOPixelEncoder,
)
from argus.safe_load import tensors_only
from tests.models.decoders.mask_dino import published
from tools.checkpoints import convert_mask_dino as tool


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A checkpoint as detectron2 writes it."""
    path = tmp_path / "published.pth"
    torch.save(dict(model=published.state(order="low2high", extra=1), iteration=7), path)
    return path


def test_convert__a_decoder_starts_from_the_file(source: Path, capsys) -> None:
    target = source.with_name("mask_dino.pth")
    tool.main([str(source), str(target)])
    report = capsys.readouterr().out
    assert "left out: 1 of backbone, 1 of criterion\n" in report
    assert "num_things_classes + num_stuff_classes = 5\n" in report
    settings = {
        line.split("=", 1)[0].strip(): eval(line.split("=", 1)[1])  # noqa: S307 - our own text
        for line in report.splitlines()
        if line.startswith(("  pixel_encoder=", "  head="))
    }
    model = MaskDINO(
        backbone=dict(type=nn.Identity),
        pixel_encoder=dict(type=MaskDINOPixelEncoder, **settings["pixel_encoder"]),
        head=dict(type=MaskDINOHead, **settings["head"]),
        criterion=dict(type=MaskDINOCriterion),
        num_things_classes=5,
        init_cfg=dict(type="Pretrained", checkpoint=str(target)),
    )
    with tensors_only():
        model.init_weights()
    expected = read_weight_file(target)
    found = model.state_dict()
    assert set(expected) == set(found)
    assert all(torch.equal(found[name], tensor) for name, tensor in expected.items())


def test_convert__without_inputs(source: Path, capsys) -> None:
    target = source.with_name("mask_dino.safetensors")
    tool.main([str(source), str(target), "--without-inputs"])
    assert "19 of layers that read the backbone" in capsys.readouterr().out
    assert not [name for name in read_weight_file(target) if "input_projections" in name]


def test_convert__mistakes_write_nothing(source: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="ends in .pth or .safetensors"):
        tool.main([str(source), str(tmp_path / "out.pt")])
    state = published.state()
    state.pop("sem_seg_head.predictor.label_enc.weight")
    torch.save(state, source)
    target = tmp_path / "out.pth"
    with pytest.raises(CheckpointError, match=r"(?s)published.pth: .*1 missing.*Nothing was"):
        tool.main([str(source), str(target)])
    assert not target.exists()


def test_convert__runs_no_code_of_a_file(tmp_path: Path) -> None:
    mark = tmp_path / "mark"

    class Evil:
        def __reduce__(self):
            return Path.touch, (mark,)

    path = tmp_path / "evil.pth"
    path.write_bytes(pickle.dumps(dict(model=published.state(), hook=Evil())))
    with pytest.raises(CheckpointError):
        tool.main([str(path), str(tmp_path / "out.pth")])
    assert not mark.exists()
