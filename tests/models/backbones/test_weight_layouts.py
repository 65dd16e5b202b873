"""Conversions between the three layouts: names, round trips, parity with the libraries."""

import pytest
import timm
import torch
from safetensors.torch import load_file

from argus.errors import CheckpointError
from argus.models.backbones.weight_layouts import (
    LAYOUTS,
    detect_layout,
    from_official,
    official_names,
    to_official,
)
from tests.models.backbones.toys import TOY_ARCH, shake, toy_vit

VARIANTS = {
    "registers": dict(),
    "no registers": dict(num_registers=0),
    "swiglu": dict(arch=TOY_ARCH | dict(ffn="swiglu")),
}


def official_state(variant: str) -> dict:
    return dict(shake(toy_vit(**VARIANTS[variant])).state_dict())


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_detect__finds_what_was_written(layout, variant):
    assert detect_layout(from_official(official_state(variant), layout).state) == layout


def test_detect__other_models_are_refused():
    with pytest.raises(CheckpointError, match="conv1.weight"):
        detect_layout(["conv1.weight", "layer1.0.conv1.weight"])


@pytest.mark.parametrize("variant", VARIANTS)
def test_official_names__are_those_of_the_model(variant):
    state = official_state(variant)
    assert official_names(state) == set(state)


@pytest.mark.parametrize("variant", VARIANTS)
def test_round_trip__hugging_face_is_bit_equal(variant):
    state = official_state(variant)
    there = from_official(state, "hf")
    back = to_official(there.state)
    assert (back.unused, back.missing, back.filled, there.dropped) == ([], [], [], [])
    assert set(back.state) == set(state)
    assert all(torch.equal(back.state[name], state[name]) for name in state)


def test_hugging_face__names():
    names = set(from_official(official_state("registers"), "hf").state)
    assert {
        "embeddings.cls_token",
        "embeddings.mask_token",
        "embeddings.register_tokens",
        "embeddings.position_embeddings",
        "embeddings.patch_embeddings.projection.weight",
        "encoder.layer.0.norm1.weight",
        "encoder.layer.3.attention.attention.query.weight",
        "encoder.layer.3.attention.attention.value.bias",
        "encoder.layer.3.attention.output.dense.bias",
        "encoder.layer.3.layer_scale1.lambda1",
        "encoder.layer.3.mlp.fc2.bias",
        "layernorm.weight",
    } <= names
    gated = set(from_official(official_state("swiglu"), "hf").state)
    assert {
        "encoder.layer.0.mlp.weights_in.weight",
        "encoder.layer.0.mlp.weights_out.bias",
    } <= gated


def test_hugging_face__prefix_and_classifier():
    state = from_official(official_state("registers"), "hf").state
    wrapped = {f"dinov2_with_registers.{name}": tensor for name, tensor in state.items()}
    result = to_official(wrapped | {"classifier.weight": torch.zeros(1)})
    assert result.unused == ["classifier.weight"] and result.missing == []


def test_hugging_face__incomplete_attention_is_missing():
    state = from_official(official_state("registers"), "hf").state
    del state["encoder.layer.2.attention.attention.key.bias"]
    assert to_official(state).missing == ["blocks.2.attn.qkv.bias"]


@pytest.mark.parametrize("variant", VARIANTS)
def test_round_trip__timm_is_bit_equal_from_its_side(variant):
    """Timm's layout holds less than the official one, so it is the timm file that comes back."""
    there = from_official(official_state(variant), "timm")
    assert there.dropped == ["mask_token"]
    middle = to_official(there.state)
    assert (middle.filled, middle.unused, middle.missing) == (["mask_token"], [], [])
    back = from_official(middle.state, "timm").state
    assert set(back) == set(there.state)
    assert all(torch.equal(back[name], there.state[name]) for name in back)


@pytest.mark.parametrize(
    "name",
    ["vit_small_patch14_reg4_dinov2", "vit_small_patch14_dinov2", "vit_giant_patch14_dinov2"],
)
def test_timm__names_and_shapes_are_those_of_the_library(name):
    registers = 4 if "reg4" in name else 0
    ffn = "swiglu" if "giant" in name else "mlp"
    arch = dict(embed_dim=48, depth=4, num_heads=4, ffn=ffn)
    with torch.device("meta"):
        oracle = timm.create_model(name, num_classes=0, embed_dim=48, depth=4, num_heads=4)
    state = from_official(toy_vit(arch=arch, num_registers=registers).state_dict(), "timm").state
    expected = {name: tensor.shape for name, tensor in oracle.state_dict().items()}
    assert {name: tensor.shape for name, tensor in state.items()} == expected


@pytest.mark.parametrize("registers", [0, 4])
@pytest.mark.parametrize("ffn", ["mlp", "swiglu"])
def test_hugging_face__parity_with_the_library(registers, ffn, tmp_path):
    """Its file, and its names in memory, which are others from release 5 on."""
    transformers = pytest.importorskip("transformers")
    family = "Dinov2WithRegisters" if registers else "Dinov2"
    options = dict(num_register_tokens=registers) if registers else {}
    config = getattr(transformers, f"{family}Config")(
        hidden_size=48,
        num_hidden_layers=4,
        num_attention_heads=4,
        image_size=56,
        patch_size=14,
        use_swiglu_ffn=ffn == "swiglu",
        **options,
    )
    oracle = shake(getattr(transformers, f"{family}Model")(config)).eval()
    oracle.save_pretrained(tmp_path)
    state = to_official(load_file(tmp_path / "model.safetensors")).state
    in_memory = to_official(oracle.state_dict())
    assert not in_memory.unused and not in_memory.missing
    assert all(torch.equal(in_memory.state[name], state[name]) for name in state)
    vit = toy_vit(arch=TOY_ARCH | dict(ffn=ffn), num_registers=registers, img_size=56)
    vit.load_state_dict(state)
    images = torch.randn(2, 3, 56, 56)
    with torch.no_grad():
        expected = oracle(pixel_values=images).last_hidden_state
        found = vit.forward_features(images)
    assert (found.cls_token - expected[:, 0]).abs().max() < 1e-4
    assert (found.patch_tokens - expected[:, 1 + registers :]).abs().max() < 1e-4
