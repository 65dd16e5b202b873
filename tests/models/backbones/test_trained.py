"""The backbone that stage 1 left: loaded strictly, and frozen."""

from pathlib import Path

import pytest
import torch

from argus.errors import CheckpointError, ConfigError
from argus.models.backbones import PlainViT, ViTAdapter, trained_backbone
from argus.storage.checkpoint import tensor_hash, write_checkpoint
from tests.models.backbones.toys import open_gamma, shake, toy_adapter, toy_vit


def stage1(path: Path, backbone: ViTAdapter, *, ema: bool = False) -> str:
    """Write what a stage-1 training of ``backbone`` would leave."""
    frozen = backbone.frozen_state()
    base = {f"backbone.{name}": value for name, value in frozen.items()}
    state = {f"backbone.{n}": v for n, v in backbone.state_dict().items() if n not in frozen}
    content = dict(
        base=dict(name="toy", sha256=tensor_hash(base) if base else "", num_tensors=len(base)),
        state_dict=state | {"decoders.semantic.weight": torch.zeros(2)},
    )
    if ema:
        content["ema"] = {name: value + 1.0 for name, value in state.items()}
    write_checkpoint(path, content)
    return str(path)


@pytest.fixture
def vit():
    return shake(toy_vit())


def adapter(vit, seed: int = 0, **overrides) -> ViTAdapter:
    torch.manual_seed(seed)
    state = {name: value.clone() for name, value in vit.state_dict().items()}
    own = toy_vit()
    own.load_state_dict(state)
    return toy_adapter(own, **overrides)


def test_trained_backbone__has_the_weights_of_stage_1(vit, tmp_path: Path) -> None:
    trained = open_gamma(shake_adapter(adapter(vit)))
    path = stage1(tmp_path / "last.pth", trained)
    loaded = trained_backbone(adapter(vit), checkpoint=path)
    for name, value in trained.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], value), name
    assert loaded.base_name.endswith("+last")


@pytest.mark.parametrize("weights", ["auto", "ema", "raw"])
def test_trained_backbone__takes_the_weights_asked_for(vit, tmp_path: Path, weights: str) -> None:
    trained = adapter(vit)
    path = stage1(tmp_path / "last.pth", trained, ema=True)
    loaded = trained_backbone(adapter(vit), checkpoint=path, weights=weights)
    shift = 0.0 if weights == "raw" else 1.0
    assert torch.equal(loaded.level_embed, trained.level_embed + shift)


def test_trained_backbone__frozen_is_eval_without_gradients_or_graph(vit) -> None:
    backbone = trained_backbone(adapter(vit), checkpoint="random").train()
    assert not any(module.training for module in backbone.modules())
    assert not any(parameter.requires_grad for parameter in backbone.parameters())
    assert set(backbone.frozen_state()) == set(backbone.state_dict())
    maps = backbone(torch.randn(1, 3, 64, 64))
    assert all(feature.grad_fn is None for feature in maps)


def test_trained_backbone__tuned_adapter_keeps_the_vit_frozen(vit, tmp_path: Path) -> None:
    trained = shake_adapter(adapter(vit))
    path = stage1(tmp_path / "last.pth", trained)
    loaded = trained_backbone(adapter(vit), checkpoint=path, freeze=False)
    assert torch.equal(loaded.level_embed, trained.level_embed)
    trains = {name for name, p in loaded.named_parameters() if p.requires_grad}
    assert trains and not any(name.startswith("vit.") for name in trains)
    assert set(loaded.frozen_state()) == {f"vit.{name}" for name in vit.state_dict()}


def test_trained_backbone__trained_vit_comes_from_the_file(vit, tmp_path: Path) -> None:
    trained = adapter(vit, freeze_vit=False)
    path = stage1(tmp_path / "last.pth", trained)
    fresh = toy_adapter(toy_vit(), freeze_vit=False)
    loaded = trained_backbone(fresh, checkpoint=path)
    assert torch.equal(loaded.vit.cls_token, trained.vit.cls_token)


def test_trained_backbone__missing_file_says_what_to_do(vit) -> None:
    with pytest.raises(CheckpointError, match="does not exist.*train it.*backbone.checkpoint"):
        trained_backbone(adapter(vit), checkpoint="work_dirs/none.pth")


def test_trained_backbone__another_vit_is_refused(vit, tmp_path: Path) -> None:
    path = stage1(tmp_path / "last.pth", adapter(vit))
    with pytest.raises(CheckpointError, match="trained on the frozen base toy"):
        trained_backbone(adapter(shake(toy_vit(), seed=1)), checkpoint=path)


def test_trained_backbone__another_adapter_is_refused(vit, tmp_path: Path) -> None:
    path = stage1(tmp_path / "last.pth", adapter(vit, num_extra_extractors=1))
    with pytest.raises(CheckpointError, match=r"(?s)missing \(.*backbone config"):
        trained_backbone(adapter(vit, num_extra_extractors=2), checkpoint=path)
    with pytest.raises(CheckpointError, match=r"of another shape \(\d+\): interactions"):
        trained_backbone(adapter(vit, num_extra_extractors=1, cffn_ratio=0.5), checkpoint=path)


def test_trained_backbone__asked_for_what_is_not_there(vit, tmp_path: Path) -> None:
    path = stage1(tmp_path / "last.pth", adapter(vit))
    with pytest.raises(CheckpointError, match="no averaged weights"):
        trained_backbone(adapter(vit), checkpoint=path, weights="ema")
    with pytest.raises(ConfigError, match="weights: expected one of"):
        trained_backbone(adapter(vit), checkpoint=path, weights="best")
    with pytest.raises(ConfigError, match="no method freeze"):
        trained_backbone(torch.nn.Conv2d(3, 3, 1), checkpoint="random")


def test_plain_vit__is_frozen_by_itself() -> None:
    plain = PlainViT(shake(toy_vit()))
    assert {f"vit.{n}" for n in plain.vit.state_dict()} == set(plain.frozen_state())
    assert plain(torch.randn(1, 3, 32, 32))[0].grad_fn is None


def shake_adapter(backbone: ViTAdapter) -> ViTAdapter:
    """Other values for what stage 1 trains, as a training would leave them."""
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in backbone.parameters():
            if parameter.requires_grad:
                parameter += 0.1 * torch.randn(parameter.shape, generator=generator)
    return backbone
