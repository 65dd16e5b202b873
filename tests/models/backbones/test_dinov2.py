"""The ViT against timm, its random weights, its parameter names and counts."""

import pytest
import timm
import torch

from argus.errors import ConfigError
from argus.models.backbones import DinoVisionTransformer
from argus.models.backbones.weight_layouts import to_official
from argus.models.backbones.weights import load_official_weights
from tests.models.backbones.toys import TOY_ARCH, count, shake, toy_vit

SIZES = {"small": 22_058_112, "base": 86_583_552, "large": 304_372_736}


def file_from_timm(model, path) -> str:
    torch.save(model.state_dict(), path)
    return str(path)


def test_parity__timm_with_registers(tmp_path):
    oracle = timm.create_model(
        "vit_small_patch14_reg4_dinov2", num_classes=0, dynamic_img_size=True
    )
    oracle = shake(oracle).eval()
    path = file_from_timm(oracle, tmp_path / "timm.pth")
    vit = DinoVisionTransformer("small", weights=path).eval()
    for height, width in ((98, 98), (56, 126), (518, 14)):
        images = torch.randn(2, 3, height, width)
        with torch.no_grad():
            expected = oracle.forward_features(images)
            found = vit.forward_features(images)
        assert expected.abs().max() > 0.5
        assert (found.cls_token - expected[:, 0]).abs().max() < 1e-4
        assert (found.registers - expected[:, 1:5]).abs().max() < 1e-4
        assert (found.patch_tokens - expected[:, 5:]).abs().max() < 1e-4


def test_parity__timm_without_registers():
    oracle = timm.create_model(
        "vit_small_patch14_dinov2", num_classes=0, img_size=98, depth=3, dynamic_img_size=True
    )
    oracle = shake(oracle).eval()
    vit = toy_vit(arch=dict(embed_dim=384, depth=3, num_heads=6), num_registers=0, img_size=98)
    vit.load_state_dict(to_official(oracle.state_dict()).state)
    images = torch.randn(2, 3, 98, 98)  # the pretraining grid: the position tables are not resized
    with torch.no_grad():
        found, expected = vit.forward_features(images), oracle.forward_features(images)
    assert found.registers.shape == (2, 0, 384)
    assert (found.cls_token - expected[:, 0]).abs().max() < 1e-4
    assert (found.patch_tokens - expected[:, 1:]).abs().max() < 1e-4


def test_parity__timm_swiglu_of_giant():
    oracle = timm.create_model(
        "vit_giant_patch14_reg4_dinov2",
        num_classes=0,
        img_size=70,
        embed_dim=96,
        depth=2,
        num_heads=4,
        dynamic_img_size=True,
    )
    oracle = shake(oracle).eval()
    vit = toy_vit(arch=dict(embed_dim=96, depth=2, num_heads=4, ffn="swiglu"), img_size=70)
    vit.load_state_dict(to_official(oracle.state_dict()).state)
    images = torch.randn(2, 3, 42, 98)
    with torch.no_grad():
        found, expected = vit.forward_features(images), oracle.forward_features(images)
    assert (found.patch_tokens - expected[:, 5:]).abs().max() < 1e-4
    assert (found.cls_token - expected[:, 0]).abs().max() < 1e-4


@pytest.fixture
def on_meta(monkeypatch):
    """Build without values: counting and naming need none."""
    monkeypatch.setattr(DinoVisionTransformer, "_initialise", lambda self, generator: None)
    with torch.device("meta"):
        yield


@pytest.mark.parametrize("arch", SIZES)
def test_parameter_count__with_registers(arch, on_meta):
    assert count(DinoVisionTransformer(arch, weights="random")) == SIZES[arch]


@pytest.mark.parametrize("arch", [*SIZES, "giant"])
def test_architecture__is_timms(arch, on_meta):
    oracle = timm.create_model(f"vit_{arch}_patch14_reg4_dinov2", num_classes=0)
    vit = DinoVisionTransformer(arch, weights="random")
    assert {block.attn.num_heads for block in oracle.blocks} == {vit.num_heads}
    assert (len(oracle.blocks), oracle.embed_dim) == (len(vit.blocks), vit.embed_dim)
    shapes = to_official(oracle.state_dict()).state
    known = {name: value.shape for name, value in vit.state_dict().items() if name in shapes}
    assert known == {name: value.shape for name, value in shapes.items()}


def test_parameter_names__are_the_official_ones():
    names = set(toy_vit().state_dict())
    for name in (
        "cls_token",
        "pos_embed",
        "mask_token",
        "register_tokens",
        "patch_embed.proj.weight",
        "blocks.3.norm1.weight",
        "blocks.3.attn.qkv.bias",
        "blocks.3.attn.proj.weight",
        "blocks.3.ls1.gamma",
        "blocks.3.mlp.fc1.weight",
        "blocks.3.mlp.fc2.bias",
        "blocks.3.ls2.gamma",
        "norm.bias",
    ):
        assert name in names
    assert "register_tokens" not in toy_vit(num_registers=0).state_dict()
    gated = toy_vit(arch=TOY_ARCH | dict(ffn="swiglu")).state_dict()
    assert "blocks.0.mlp.w12.weight" in gated and "blocks.0.mlp.w3.bias" in gated


def test_random_weights__same_everywhere_and_independent_of_the_global_generator():
    torch.manual_seed(1)
    first = toy_vit().state_dict()
    torch.manual_seed(2)
    second = toy_vit().state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)
    other = toy_vit(weights_seed=1).state_dict()
    assert not torch.equal(first["pos_embed"], other["pos_embed"])
    assert not torch.equal(first["blocks.0.attn.qkv.weight"], first["blocks.1.attn.qkv.weight"])


def test_base_name__says_what_the_base_is(tmp_path):
    assert toy_vit().base_name == "dinov2_vit48x4_14_reg4+random0"
    path = tmp_path / "toy.pth"
    torch.save(toy_vit().state_dict(), path)
    assert DinoVisionTransformer(TOY_ARCH, weights=str(path)).base_name == "dinov2_vit48x4_14_reg4"


@pytest.mark.parametrize(
    ("arch", "registers", "name"),
    [
        ("small", 0, "dinov2_vits14"),
        ("base", 4, "dinov2_vitb14_reg4"),
        ("large", 4, "dinov2_vitl14_reg4"),
        ("giant", 4, "dinov2_vitg14_reg4"),
    ],
)
def test_architecture_name__is_that_of_the_released_file(arch, registers, name, on_meta):
    vit = DinoVisionTransformer(arch, weights="random", num_registers=registers)
    assert vit.architecture_name == name


def test_run_blocks__checkpointing_and_ranges_change_nothing():
    vit, lean = toy_vit(), toy_vit(with_cp=True)
    images = torch.randn(1, 3, 28, 42)
    tokens = vit.prepare_tokens(images)
    split = vit.run_blocks(vit.run_blocks(tokens, 0, 3), 3, 4)
    single = tokens
    for block in vit.blocks:
        single = block(single)
    assert torch.equal(split, single)
    out = lean.run_blocks(lean.prepare_tokens(images))
    assert torch.equal(out, single)
    expected = torch.autograd.grad(single.square().sum(), vit.blocks[0].attn.qkv.weight)[0]
    found = torch.autograd.grad(out.square().sum(), lean.blocks[0].attn.qkv.weight)[0]
    torch.testing.assert_close(found, expected)


def test_position_table__rule_of_the_hub_follows_the_registers(monkeypatch):
    calls = []
    from argus.models.backbones import dinov2

    real = dinov2.interpolate_pos_embed

    def spy(table, grid, **options):
        calls.append(options)
        return real(table, grid, **options)

    monkeypatch.setattr(dinov2, "interpolate_pos_embed", spy)
    for registers in (4, 0):
        toy_vit(num_registers=registers).prepare_tokens(torch.zeros(1, 3, 28, 28))
    assert calls == [dict(antialias=True, offset=0.0), dict(antialias=False, offset=0.1)]


def test_arch__mistakes_are_named():
    with pytest.raises(ConfigError, match="found 'huge'"):
        toy_vit(arch="huge")
    with pytest.raises(ConfigError, match="width"):
        toy_vit(arch=dict(width=3))
    with pytest.raises(ConfigError, match="found 'moe'"):
        toy_vit(arch=TOY_ARCH | dict(ffn="moe"))
    with pytest.raises(TypeError, match="weights"):
        DinoVisionTransformer("small")


def test_strict_load__official_file_round_trip(tmp_path):
    source = shake(toy_vit())
    path = tmp_path / "toy_pretrain.pth"
    torch.save(source.state_dict(), path)
    target = toy_vit(weights_seed=3)
    load_official_weights(target, str(path), name="toy")
    for name, tensor in source.state_dict().items():
        assert torch.equal(tensor, target.state_dict()[name])
