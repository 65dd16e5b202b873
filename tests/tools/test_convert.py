"""The conversion command, run as a user runs it."""

import pytest
import torch

from argus.errors import CheckpointError
from argus.models.backbones import DinoVisionTransformer, SiglipVisionTransformer
from argus.models.backbones.weights import read_weight_file
from tests.models.backbones.toys import TOY_ARCH, shake, toy_vit
from tools.checkpoints import convert


@pytest.fixture
def official(tmp_path):
    path = tmp_path / "official.pth"
    torch.save(shake(toy_vit()).state_dict(), path)
    return path


def test_convert__chain_of_all_layouts_loads_and_keeps_features(official, tmp_path, capsys):
    path = official
    for index, (layout, suffix) in enumerate(
        [
            ("hf", ".safetensors"),
            ("timm", ".pth"),
            ("official", ".safetensors"),
            ("official", ".pth"),
        ]
    ):
        target = tmp_path / "new" / f"{index}{suffix}"
        convert.main([str(path), str(target), "--to", layout])
        assert f"{target}: {layout} layout" in capsys.readouterr().out
        path = target
    first = DinoVisionTransformer(TOY_ARCH, weights=str(official))
    last = DinoVisionTransformer(TOY_ARCH, weights=str(path))
    images = torch.randn(1, 3, 28, 28)
    with torch.no_grad():
        torch.testing.assert_close(last(images), first(images), atol=1e-5, rtol=0)
    assert not list(tmp_path.rglob("*.partial"))


def test_convert__report_names_what_a_layout_cannot_hold(official, tmp_path, capsys):
    timm_file = tmp_path / "timm.pth"
    convert.main([str(official), str(timm_file), "--to", "timm"])
    assert "no place in the timm layout, left out: mask_token" in capsys.readouterr().out
    convert.main([str(timm_file), str(tmp_path / "back.pth"), "--to", "official"])
    assert "written as zeros: mask_token" in capsys.readouterr().out


def test_convert__unused_is_an_error_unless_allowed(tmp_path, capsys):
    source, target = tmp_path / "source.pth", tmp_path / "target.pth"
    torch.save(toy_vit().state_dict() | {"head.weight": torch.zeros(2, 2)}, source)
    command = [str(source), str(target), "--to", "hf"]
    with pytest.raises(CheckpointError, match="unused: head.weight"):
        convert.main(command)
    assert not target.exists()
    convert.main([*command, "--allow-unused"])
    assert not any("head" in name for name in read_weight_file(target))


def test_convert__missing_is_always_an_error(tmp_path, capsys):
    source, target = tmp_path / "source.pth", tmp_path / "target.pth"
    state = dict(toy_vit().state_dict())
    del state["blocks.1.norm2.bias"]
    torch.save(state, source)
    with pytest.raises(CheckpointError, match="missing: blocks.1.norm2.bias"):
        convert.main([str(source), str(target), "--to", "timm", "--allow-unused"])
    assert not target.exists()


def test_convert__wrong_suffix_and_missing_source(official, tmp_path, capsys):
    with pytest.raises(CheckpointError, match=".pth or .safetensors"):
        convert.main([str(official), str(tmp_path / "out.bin"), "--to", "hf"])
    with pytest.raises(CheckpointError, match="not found"):
        convert.main([str(tmp_path / "no.pth"), str(tmp_path / "out.pth"), "--to", "hf"])


def test_convert__siglip_there_and_back(tmp_path, capsys):
    source = tmp_path / "tower.pth"
    vit = SiglipVisionTransformer(TOY_ARCH, weights="random", img_size=64)
    torch.save(vit.state_dict(), source)
    there, back = tmp_path / "there.safetensors", tmp_path / "back.pth"
    convert.main([str(source), str(there), "--to", "siglip"])
    assert "positions: 4 x 4 patches, img_size=64, patch_size=16" in capsys.readouterr().out
    convert.main([str(there), str(back), "--to", "siglip_timm"])
    state = read_weight_file(back)
    assert all(torch.equal(state[name], value) for name, value in vit.state_dict().items())
    with pytest.raises(CheckpointError, match="layout siglip, expected --to siglip or siglip_timm"):
        convert.main([str(there), str(tmp_path / "no.pth"), "--to", "official"])
