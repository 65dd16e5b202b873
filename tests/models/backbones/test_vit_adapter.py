"""The adapter: counts, invariants of the specification, switches, independence of batch-mates."""

import pytest
import torch
import torch.nn.functional as F

from argus.errors import ConfigError
from argus.layers.token_norm import token_scale
from argus.models.backbones import DinoVisionTransformer, PlainViT, ViTAdapter
from tests.models.backbones.toys import count, open_gamma, shake, toy_adapter, toy_vit

# Table 1.2 of the specification: input, ViT input, maps.
SHAPES = [
    ((1024, 1024), (896, 896)),
    ((512, 512), (448, 448)),
    ((256, 192), (224, 168)),
    ((224, 224), (196, 196)),
    ((448, 576), (392, 504)),
]


def run(adapter, images):
    with torch.no_grad():
        return adapter(images)


def different(first, second) -> bool:
    return any((a - b).abs().max() > 1e-4 for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize(
    ("arch", "adapter_count", "total"),
    [("base", 13_680_608, 100_264_160), ("large", 23_236_800, 327_609_536)],
)
def test_parameter_count__equals_the_paper(arch, adapter_count, total, monkeypatch):
    # On the meta device: counting needs no values.
    monkeypatch.setattr(DinoVisionTransformer, "_initialise", lambda self, generator: None)
    with torch.device("meta"):
        adapter = ViTAdapter(dict(type=DinoVisionTransformer, arch=arch, weights="random"))
    assert count(adapter, trainable=True) == adapter_count
    assert count(adapter) == total
    assert count(adapter.vit, trainable=True) == 0


def test_parameter_count__same_with_batch_norm():
    assert count(toy_adapter()) == count(toy_adapter(norm="BN"))


@pytest.mark.parametrize(("size", "vit_size"), SHAPES)
def test_shapes__of_table_1_2(size, vit_size, monkeypatch):
    vit = toy_vit(arch=dict(embed_dim=16, depth=2, num_heads=2))
    adapter = toy_adapter(vit, conv_inplane=8)
    seen = []
    embed = vit.patch_embed.forward
    monkeypatch.setattr(
        vit.patch_embed, "forward", lambda x: (seen.append(tuple(x.shape[-2:])), embed(x))[1]
    )
    maps = run(adapter, torch.randn(1, 3, *size))
    assert seen == [vit_size]
    for level, stride in zip(maps, (4, 8, 16, 32), strict=True):
        assert level.shape == (1, 16, size[0] // stride, size[1] // stride)
    assert adapter.out_channels == (16,) * 4 and adapter.strides == (4, 8, 16, 32)


def test_gamma_zero__vit_is_the_plain_one():
    adapter = toy_adapter(shake(toy_vit()))
    images = torch.randn(2, 3, 64, 96)
    tokens = adapter.embed(images)
    features = torch.randn(2, 8 * 12 + 4 * 6 + 2 * 3, 48)
    with torch.no_grad():
        for interaction in adapter.interactions:
            (tokens,), _ = interaction([tokens], [features], adapter.vit, [(4, 6)])
        resized = F.interpolate(images, size=(56, 84), mode="bicubic", antialias=True)
        expected = adapter.vit.run_blocks(adapter.vit.prepare_tokens(resized))
    assert torch.equal(tokens, expected)


def test_gamma_zero__scaling_on_and_off_give_identical_outputs():
    images = torch.randn(2, 3, 64, 64)
    scaled, plain = toy_adapter(scale_tokens=True), toy_adapter(scale_tokens=False)
    for a, b in zip(run(scaled, images), run(plain, images), strict=True):
        torch.testing.assert_close(a, b, atol=1e-4, rtol=0)  # layer norm hides the factor up to eps


def test_scaling__injected_residual_grows_with_the_token_norm():
    """Check x' = x + gamma * a / s step by step."""
    adapter = open_gamma(toy_adapter(shake(toy_vit())))
    interaction = adapter.interactions[0]
    tokens = torch.randn(2, 5 + 16, 48) * 30
    features = torch.randn(2, 64 + 16 + 4, 48)
    captured = []
    hook = adapter.vit.blocks[0].register_forward_pre_hook(lambda _, x: captured.append(x[0]))
    with torch.no_grad():
        interaction([tokens], [features], adapter.vit, [(4, 4)])
        hook.remove()
        patches = tokens[:, 5:]
        scale = token_scale(patches)
        scaled = patches * scale
        expected = (scaled + interaction.injector(scaled, features, (4, 4))) / scale
    torch.testing.assert_close(captured[0][:, 5:], expected, atol=1e-4, rtol=1e-5)
    assert torch.equal(captured[0][:, :5], tokens[:, :5]), "class token and registers stay"
    assert (captured[0][:, 5:] - patches).abs().max() > 0.1


def test_no_batch_norm__in_the_adapter():
    adapter = toy_adapter()
    assert not [
        m for m in adapter.modules() if isinstance(m, torch.nn.modules.batchnorm._BatchNorm)
    ]
    assert [m for m in toy_adapter(norm="BN").modules() if isinstance(m, torch.nn.BatchNorm2d)]


@pytest.mark.parametrize("make", [toy_adapter, lambda: PlainViT(toy_vit())])
def test_frozen__eval_mode_and_no_gradient(make):
    backbone = make().train()
    assert not any(module.training for module in backbone.vit.modules())
    assert count(backbone.vit, trainable=True) == 0
    frozen = backbone.frozen_state()
    assert set(frozen) == {f"vit.{name}" for name in backbone.vit.state_dict()}
    for name, tensor in frozen.items():
        assert torch.equal(tensor, backbone.state_dict()[name])


def test_frozen__vit_bit_equal_after_steps_and_adapter_moves():
    adapter = open_gamma(toy_adapter()).train()
    before = {name: tensor.clone() for name, tensor in adapter.state_dict().items()}
    optimizer = torch.optim.AdamW([p for p in adapter.parameters() if p.requires_grad], lr=1e-2)
    for _ in range(3):
        optimizer.zero_grad()
        maps = adapter(torch.randn(2, 3, 64, 64))
        sum((level**2 * torch.rand_like(level)).sum() for level in maps).backward()
        optimizer.step()
    after = adapter.state_dict()
    for name, tensor in before.items():
        assert torch.equal(tensor, after[name]) == name.startswith("vit."), name


def test_gradients__reach_everything_once_gamma_is_open():
    adapter = open_gamma(toy_adapter(norm_groups=4, num_interactions=4)).train()
    for module in adapter.modules():  # the ring start has no gradient at some integer offsets
        if hasattr(module, "sampling_offsets"):
            torch.nn.init.normal_(module.sampling_offsets.weight, std=0.05)
            torch.nn.init.normal_(module.attention_weights.weight, std=0.05)
    maps = adapter(torch.randn(2, 3, 64, 64))
    sum((level * torch.randn_like(level)).sum() for level in maps).backward()
    for name, parameter in adapter.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None and parameter.grad.abs().max() > 0, name
        else:
            assert name.startswith("vit.") and parameter.grad is None, name


def test_gradients__at_the_start_reach_gamma_alone_of_the_injectors():
    adapter = toy_adapter()
    maps = adapter(torch.randn(2, 3, 64, 64))
    sum((level * torch.randn_like(level)).sum() for level in maps).backward()
    for interaction in adapter.interactions:
        for name, parameter in interaction.injector.named_parameters():
            assert (parameter.grad.abs().max() > 0) == (name == "gamma"), name


def test_unfrozen__every_trainable_parameter_gets_a_gradient():
    adapter = toy_adapter(freeze_vit=False).train()
    assert adapter.vit.training and adapter.frozen_state() == {}
    sum(level.square().mean() for level in adapter(torch.randn(1, 3, 64, 64))).backward()
    missing = [n for n, p in adapter.named_parameters() if p.requires_grad and p.grad is None]
    assert missing == []
    fixed = [n for n, p in adapter.named_parameters() if not p.requires_grad]
    assert fixed == ["vit.mask_token"]


def test_independence__of_batch_mates():
    adapter = open_gamma(toy_adapter(shake(toy_vit()))).train()
    image = torch.randn(1, 3, 64, 96)
    alone = run(adapter, image)
    mates = torch.randn(3, 3, 64, 96) * 10
    together = run(adapter, torch.cat([mates[:1], image, mates[1:]]))
    for a, b in zip(alone, together, strict=True):
        assert (a - b[1:2]).abs().max() < 1e-5
    batch_norm = open_gamma(toy_adapter(norm="BN")).train()
    dependent = run(batch_norm, torch.cat([mates[:1], image, mates[1:]]))
    assert different(run(batch_norm, image), [level[1:2] for level in dependent])


@pytest.mark.parametrize(
    "switch",
    [
        dict(scale_tokens=False),
        dict(vit_feature_source="stage"),
        dict(final_norm=False),
        dict(norm="BN"),
        dict(num_interactions=2),
        dict(num_extra_extractors=0),
        dict(resize_mode="bilinear"),
        dict(norm_groups=4),
    ],
    ids=str,
)
def test_switches__change_the_output(switch):
    # Same weights on both sides, so only the switch can make the difference.
    base = open_gamma(toy_adapter(shake(toy_vit()), num_interactions=4))
    other = open_gamma(toy_adapter(shake(toy_vit()), **dict(num_interactions=4) | switch))
    other.load_state_dict(base.state_dict(), strict=False)
    images = torch.randn(2, 3, 64, 64)
    assert different(run(base.eval(), images), run(other.eval(), images))


def test_checkpointing__same_gradients():
    images = torch.randn(1, 3, 64, 64)
    gradients = []
    for with_cp in (False, True):
        adapter = open_gamma(toy_adapter(with_cp=with_cp)).train()
        sum(level.square().mean() for level in adapter(images)).backward()
        gradients.append({n: p.grad for n, p in adapter.named_parameters() if p.requires_grad})
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradients[1][name], gradient)


def test_autocast__bfloat16_keeps_tokens_wide_and_results_near():
    adapter = open_gamma(toy_adapter(shake(toy_vit())))
    images = torch.randn(1, 3, 64, 64)
    reference = run(adapter, images)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        tokens = adapter.embed(images)
        found = run(adapter, images)
    assert tokens.dtype == torch.float32
    for a, b in zip(found, reference, strict=True):
        assert (a.float() - b).abs().mean() < 0.05 * b.abs().mean()


def test_drop_path__acts_while_training_alone():
    adapter = toy_adapter(drop_path=0.5)
    images = torch.randn(4, 3, 64, 64)
    assert not different(run(adapter.eval(), images), run(toy_adapter().eval(), images))
    assert different(run(adapter.train(), images), run(adapter.eval(), images))


def test_size__clear_error():
    for backbone in (toy_adapter(), PlainViT(toy_vit())):
        with pytest.raises(
            ValueError, match=r"multiples of 32, found 100 x 64.*pad_size_divisor=32"
        ):
            backbone(torch.zeros(1, 3, 100, 64))


def test_settings__mistakes_are_named():
    with pytest.raises(ConfigError, match="divisor of the ViT's depth 4, found 3"):
        toy_adapter(num_interactions=3)
    with pytest.raises(ConfigError, match="num_interactions=4"):
        toy_adapter(vit_feature_source="stage")
    with pytest.raises(ConfigError, match="found 'first'"):
        toy_adapter(vit_feature_source="first")
    with pytest.raises(ConfigError, match="found 'nearest'"):
        toy_adapter(resize_mode="nearest")
    with pytest.raises(ValueError, match="divides 16 channels, found 32"):
        toy_adapter(norm_groups=32)
    assert toy_adapter(norm_groups={16: 4, 32: 8, 64: 8, 48: 16}).norms[0].num_groups == 16


def test_layers__follow_the_names():
    adapter = toy_adapter(freeze_vit=False)
    assert adapter.num_layers == 6
    expected = {"vit.pos_embed": 0, "vit.patch_embed.proj.weight": 0, "vit.blocks.0.ls1.gamma": 1}
    expected |= {"vit.blocks.3.attn.qkv.bias": 4, "vit.norm.weight": 5, "spm.fc1.weight": 5}
    assert {name: adapter.layer_id(name) for name in expected} == expected


def test_plain_vit__maps_are_the_final_tokens():
    vit = shake(toy_vit())
    plain = PlainViT(vit)
    images = torch.randn(2, 3, 64, 96)
    maps = plain(images)
    resized = F.interpolate(images, size=(56, 84), mode="bicubic", antialias=True)
    tokens = vit.forward_features(resized).patch_tokens.transpose(1, 2).view(2, 48, 4, 6)
    torch.testing.assert_close(maps[2], tokens)
    assert [tuple(level.shape[-2:]) for level in maps] == [(16, 24), (8, 12), (4, 6), (2, 3)]
    assert not any(level.requires_grad for level in maps)
    torch.testing.assert_close(maps[3], F.avg_pool2d(tokens, 2))
    unfrozen = PlainViT(toy_vit(), freeze_vit=False)
    assert unfrozen(images)[0].requires_grad
