"""SigLIP's tower against ``transformers`` and timm: tokens, files, and what no tensor shows."""

import json
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import load_file, save_file

from argus.errors import CheckpointError, ConfigError
from argus.models.backbones import (
    DinoVisionTransformer,
    PlainViT,
    SiglipVisionTransformer,
    ViTAdapter,
)
from argus.models.backbones.missing import missing_weights
from argus.models.backbones.separate_vit import VARIABLE, find_vit
from argus.models.backbones.weight_layouts import detect_layout, from_official, to_official
from argus.storage.checkpoint import tensor_hash
from tests.models.backbones.toys import TOY_ARCH, open_gamma, shake, toy_adapter, toy_vit

transformers = pytest.importorskip("transformers")
LAYERS = dict(hidden_size=48, num_hidden_layers=4, num_attention_heads=4, intermediate_size=192)
SIZE, PATCH = 64, 16


@pytest.fixture(scope="module")
def oracle() -> Any:
    """A vision tower with weights that matter."""
    config = transformers.SiglipVisionConfig(image_size=SIZE, patch_size=PATCH, **LAYERS)
    return shake(transformers.SiglipVisionModel(config)).eval()


@pytest.fixture(scope="module")
def folder(oracle: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tower as ``save_pretrained`` writes it."""
    path: Path = tmp_path_factory.mktemp("tower")
    oracle.save_pretrained(path)
    return path


def read(weights: str | Path, **changes: Any) -> SiglipVisionTransformer:
    settings = dict(arch=TOY_ARCH, img_size=SIZE, weights=str(weights)) | changes
    return SiglipVisionTransformer(**settings).eval()


@pytest.mark.parametrize("size", [(64, 64), (96, 160), (32, 128)])
def test_tokens__are_those_of_transformers(oracle: Any, folder: Path, size: tuple) -> None:
    """At the size of pretraining, at another, and at as many patches in another shape."""
    vit = read(folder)
    images = torch.randn(2, 3, *size)
    states: list[torch.Tensor] = []
    tower = getattr(oracle, "vision_model", oracle)  # by the release of transformers
    hooks = [
        layer.register_forward_hook(
            lambda module, given, out: states.append(
                out if isinstance(out, torch.Tensor) else out[0]
            )
        )
        for layer in tower.encoder.layers
    ]
    with torch.no_grad():
        expected = oracle(images, interpolate_pos_encoding=True).last_hidden_state
        tokens = vit.prepare_tokens(images)
        for number, state in enumerate(states):
            tokens = vit.run_blocks(tokens, number, number + 1)
            torch.testing.assert_close(tokens, state, atol=1e-5, rtol=1e-5)
        found = vit.forward_features(images)
    for hook in hooks:
        hook.remove()
    assert len(states) == 4 and expected.std() > 0.05
    torch.testing.assert_close(found.patch_tokens, expected, atol=1e-5, rtol=1e-5)
    assert found.cls_token is None and found.registers.shape[1] == 0
    assert torch.equal(vit(images), found.patch_tokens)


def test_maps__are_the_tokens_where_they_lie(oracle: Any, folder: Path) -> None:
    """A patch of 16 pixels is a place of the map of stride 16: the picture is not resized."""
    plain = PlainViT(read(folder))
    images = torch.randn(1, 3, 64, 96)
    with torch.no_grad():
        tokens = oracle(images, interpolate_pos_encoding=True).last_hidden_state
    torch.testing.assert_close(
        plain(images)[2], tokens.transpose(1, 2).unflatten(2, (4, 6)), atol=1e-5, rtol=1e-5
    )


def test_adapter__gradients_pass_and_the_tower_stays_as_it_is(folder: Path) -> None:
    adapter = open_gamma(toy_adapter(read(folder))).train()
    before = {name: value.clone() for name, value in adapter.frozen_state().items()}
    optimizer = torch.optim.AdamW(
        [p for p in adapter.parameters() if p.requires_grad], lr=1.0, weight_decay=0.1
    )
    start = adapter.level_embed.detach().clone()
    sum(level.square().mean() for level in adapter(torch.randn(2, 3, 64, 96))).backward()
    optimizer.step()
    assert all(torch.equal(value, adapter.state_dict()[name]) for name, value in before.items())
    assert set(before) == {f"vit.{name}" for name in load_ours(folder)}
    assert not torch.equal(adapter.level_embed, start)
    assert all(i.injector.gamma.grad.abs().sum() > 0 for i in adapter.interactions)
    assert adapter.base_name == "siglip_vit48x4_16"


def load_ours(folder: Path) -> dict:
    return to_official(load_file(folder / "model.safetensors")).state


def test_layouts__go_there_and_back(oracle: Any, folder: Path, tmp_path: Path) -> None:
    stored = load_file(folder / "model.safetensors")
    in_memory = oracle.state_dict()
    assert detect_layout(stored) == detect_layout(in_memory) == "siglip"
    ours = to_official(stored)
    assert not ours.missing and not ours.unused
    assert detect_layout(ours.state) == "siglip_timm"
    assert set(ours.state) == set(read("random").state_dict())
    again = to_official(in_memory).state
    assert all(torch.equal(again[name], value) for name, value in ours.state.items())
    back = from_official(ours.state, "siglip").state
    bare = {name.removeprefix("vision_model."): value for name, value in stored.items()}
    found = {name.removeprefix("vision_model."): value for name, value in back.items()}
    assert set(found) == {name for name in bare if not name.startswith("head.")} < set(bare)
    assert all(torch.equal(found[name], bare[name]) for name in found)
    # What was written is a tower without pooling to transformers, and a file alone to us.
    save_file(back, tmp_path / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((folder / "config.json").read_text()) | dict(vision_use_head=False)
    (tmp_path / "config.json").write_text(json.dumps(config))
    images = torch.randn(1, 3, SIZE, SIZE)
    with torch.no_grad():
        tower = transformers.SiglipVisionModel.from_pretrained(tmp_path).eval()
        expected = oracle(images).last_hidden_state
        assert torch.equal(tower(images).last_hidden_state, expected)
    state = read(tmp_path / "model.safetensors").state_dict()
    assert all(torch.equal(state[name], value) for name, value in ours.state.items())


def test_layouts__names_of_timm_and_a_whole_model(tmp_path: Path) -> None:
    tower = timm.create_model(
        "vit_base_patch16_siglip_224",
        num_classes=0,
        embed_dim=48,
        depth=4,
        num_heads=4,
        img_size=64,
    )
    found = to_official(tower.state_dict())
    assert not found.missing and not found.unused
    assert {n: v.shape for n, v in found.state.items()} == {
        n: v.shape for n, v in read("random").state_dict().items()
    }
    config = transformers.SiglipConfig(
        vision_config=dict(image_size=SIZE, patch_size=PATCH, **LAYERS),
        text_config=dict(LAYERS, vocab_size=20, max_position_embeddings=8, projection_size=48),
    )
    model = transformers.SiglipModel(config)
    model.save_pretrained(tmp_path)
    state = read(tmp_path).state_dict()
    name = "vision_model.encoder.layers.3.mlp.fc2.weight"
    assert torch.equal(state["blocks.3.mlp.fc2.weight"], model.state_dict()[name])


def test_mistakes__are_told(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="num_attention_heads expected 2, found 4"):
        read(folder, arch=TOY_ARCH | dict(num_heads=2))
    with pytest.raises(CheckpointError, match=r"pos_embed expected \(1, 36, 48\), found \(1, 16"):
        read(folder, img_size=96)
    with pytest.raises(CheckpointError, match="has no model.safetensors"):
        read(tmp_path)
    with pytest.raises(ConfigError, match=r"ffn expected 'mlp', found 'swiglu'"):
        read("random", arch=TOY_ARCH | dict(ffn="swiglu"))
    config = json.loads((folder / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | dict(hidden_act="gelu")))
    save_file(load_file(folder / "model.safetensors"), tmp_path / "model.safetensors")
    with pytest.raises(CheckpointError, match="hidden_act expected 'gelu_pytorch_tanh', found"):
        read(tmp_path)
    clip = {"vision_model.embeddings.class_embedding": torch.zeros(48)}
    with pytest.raises(CheckpointError, match="Expected DINOv2 weights in one of"):
        detect_layout(clip | load_file(folder / "model.safetensors"))


def test_families__are_not_taken_for_each_other(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "dinov2.pth"
    torch.save(toy_vit().state_dict(), file)
    with pytest.raises(CheckpointError, match=r"holds a DINOv2 ViT \(official layout\)"):
        read(file)
    with pytest.raises(CheckpointError, match=r"a SigLIP ViT .*dict\(type=SiglipVisionTransf"):
        DinoVisionTransformer(TOY_ARCH, weights=str(folder / "model.safetensors"))


def test_missing__says_how_to_get_one(tmp_path: Path) -> None:
    vit = dict(type=SiglipVisionTransformer, arch="base", weights=str(tmp_path / "none"))
    (message,) = missing_weights(dict(type=ViTAdapter, vit=vit))
    with pytest.raises(CheckpointError) as caught:
        read(tmp_path / "none")
    for part in ("export_mtv.py CONFIG CHECKPOINT", "hf download", 'weights="random"'):
        assert part in message and part in str(caught.value)
    assert not list(missing_weights(dict(vit=vit | dict(weights=str(tmp_path)))))


def test_separate__a_released_model_finds_its_tower_in_any_layout(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A release names the frozen ViT by the hash of its tensors."""
    state = {f"backbone.vit.{name}": value for name, value in load_ours(folder).items()}
    monkeypatch.setenv(VARIABLE, str(folder / "model.safetensors"))
    found = find_vit(dict(sha256=tensor_hash(state), name="x"), "backbone.vit.", "model")
    assert set(found) == set(state)


def test_traits__pixels_are_those_of_the_family() -> None:
    siglip = dict(type=SiglipVisionTransformer, arch="large", weights="random")
    traits = ViTAdapter.traits_of(dict(vit=siglip))
    assert traits.channels == (1024,) * 4
    assert traits.mean == traits.std == (127.5, 127.5, 127.5)
    dinov2 = dict(type="DinoVisionTransformer", arch="base", weights="random")
    assert PlainViT.traits_of(dict(vit=dinov2)).mean == (123.675, 116.28, 103.53)
    with pytest.raises(ConfigError, match=r"SiglipVisionTransformer.arch expected one of"):
        ViTAdapter.traits_of(dict(vit=siglip | dict(arch="small")))
