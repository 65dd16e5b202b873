"""Parameter groups: what decays, and whose learning rate has which factor."""

import pytest
import torch
from mmengine.optim import ConstantLR
from torch import nn

from argus.engine.optim import MultitaskOptimConstructor, MultitaskOptimWrapper, no_decay_names
from argus.errors import ConfigError
from argus.models.task_model import TaskModel
from tests.models.backbones.toys import toy_adapter

LR, DECAY = 1e-3, 0.05


class _Head(nn.Module):
    """Every kind of parameter that a decoder has."""

    def __init__(self) -> None:
        super().__init__()
        self.query_embed = nn.Embedding(5, 4)
        self.query_feat = nn.Parameter(torch.zeros(5, 4))
        self.level_embed = nn.Parameter(torch.zeros(3, 4))
        self.cls_token = nn.Parameter(torch.zeros(1, 1, 4))
        self.gamma = nn.Parameter(torch.zeros(4))
        self.norm = nn.LayerNorm(4)
        self.group_norm = nn.GroupNorm(2, 4)
        self.fc = nn.Linear(4, 4)
        self.conv = nn.Conv2d(4, 4, 3)
        self.up = nn.ConvTranspose2d(4, 4, 2)
        self.attention = nn.MultiheadAttention(4, 2)


class _Model(TaskModel):
    def __init__(self) -> None:
        super().__init__()
        self.backbone = toy_adapter(freeze_vit=False)
        self.decoders = nn.ModuleDict(dict(pose=_Head(), depth=_Head()))

    def forward(self, batches, mode="loss", *, seeds=None):
        raise AssertionError("only its parameters are looked at")

    predict = forward


def settings(model: nn.Module, **paramwise) -> dict[str, tuple[float, float]]:
    """(learning rate, weight decay) of every parameter by name."""
    groups = MultitaskOptimConstructor({}, paramwise).param_groups(model, lr=LR, weight_decay=DECAY)
    names = {parameter: name for name, parameter in model.named_parameters()}
    return {names[p]: (g["lr"], g["weight_decay"]) for g in groups for p in g["params"]}


def test_decay__weights_of_layers_alone() -> None:
    found = settings(_Head())
    assert {name for name, (_, decay) in found.items() if decay} == {
        "fc.weight",
        "conv.weight",
        "up.weight",
        "attention.in_proj_weight",
        "attention.out_proj.weight",
    }
    assert set(found) == {name for name, _ in _Head().named_parameters()}


def test_decay__of_the_backbone() -> None:
    adapter = toy_adapter(freeze_vit=False)
    names = no_decay_names(adapter)
    assert {
        "vit.pos_embed",
        "vit.cls_token",
        "vit.blocks.0.ls1.gamma",
        "vit.blocks.0.norm1.weight",
        "level_embed",
        "interactions.0.injector.gamma",
        "norms.0.weight",
        "up.bias",
    } <= names
    kept = {name for name, _ in adapter.named_parameters()} - names
    assert all(name.endswith(".weight") for name in kept)
    assert "spm.fc1.weight" in kept and "interactions.1.extractors.2.ffn.dwconv.weight" in kept


def test_groups__leave_frozen_parameters_out() -> None:
    model = _Model()
    model.backbone.vit.requires_grad_(False)
    found = settings(model)
    assert "backbone.spm.fc1.weight" in found
    assert not any(name.startswith("backbone.vit.") for name in found)


def test_groups__are_as_few_as_differ() -> None:
    groups = MultitaskOptimConstructor({}).param_groups(_Model(), lr=LR, weight_decay=DECAY)
    assert [(g["lr"], g["weight_decay"]) for g in groups] == [(LR, 0.0), (LR, DECAY)]


def test_lr_mult__longest_prefix_counts() -> None:
    found = settings(_Model(), lr_mult={"decoders.pose.": 2.0, "decoders.pose.fc.": 0.5})
    assert found["decoders.pose.conv.weight"] == (pytest.approx(2 * LR), DECAY)
    assert found["decoders.pose.conv.bias"] == (pytest.approx(2 * LR), 0.0)
    assert found["decoders.pose.fc.weight"] == (pytest.approx(LR / 2), DECAY)
    assert found["decoders.depth.fc.weight"] == (LR, DECAY)


@pytest.mark.parametrize("paramwise", [dict(), dict(lr_mult={"decoders.pose.": 10.0})])
def test_base_lr__is_that_of_the_config_as_scheduled(paramwise: dict) -> None:
    config = dict(type="MultitaskOptimWrapper", optimizer=dict(type="AdamW", lr=LR))
    wrapper = MultitaskOptimConstructor(config, paramwise)(_Model())
    schedule = ConstantLR(wrapper, factor=0.1, end=2)
    found = []
    for _ in range(3):
        found.append(wrapper.base_lr)
        wrapper.step()
        schedule.step()
    assert found == pytest.approx([LR / 10, LR, LR])


def test_decay_mult__longest_prefix_counts() -> None:
    found = settings(
        _Model(),
        lr_mult={"decoders.pose.fc.": 2.0},
        decay_mult={"decoders.": 0.1, "decoders.pose.fc.": 0.5},
    )
    assert found["decoders.pose.fc.weight"] == (pytest.approx(2 * LR), pytest.approx(0.5 * DECAY))
    assert found["decoders.pose.fc.bias"] == (pytest.approx(2 * LR), 0.0)
    assert found["decoders.depth.conv.weight"] == (LR, pytest.approx(0.1 * DECAY))
    assert found["backbone.spm.fc1.weight"] == (LR, DECAY)


def test_layer_decay__falls_from_the_top_of_the_vit_to_its_embeddings() -> None:
    model, rate = _Model(), 0.5
    found = {name: lr / LR for name, (lr, _) in settings(model, layer_decay=rate).items()}
    depth = model.backbone.vit.depth
    expected = {
        "decoders.pose.fc.weight": 1.0,
        "backbone.spm.fc1.weight": 1.0,
        "backbone.vit.norm.weight": 1.0,
        "backbone.vit.pos_embed": rate ** (depth + 1),
        "backbone.vit.patch_embed.proj.weight": rate ** (depth + 1),
    }
    for block in range(depth):
        expected[f"backbone.vit.blocks.{block}.attn.qkv.weight"] = rate ** (depth - block)
    for name, factor in expected.items():
        assert found[name] == pytest.approx(factor), name


def test_layer_decay__multiplies_with_lr_mult() -> None:
    found = settings(_Model(), layer_decay=0.5, lr_mult={"backbone.vit.": 0.1})
    assert found["backbone.vit.blocks.3.attn.qkv.weight"][0] == pytest.approx(0.1 * 0.5 * LR)


def test_groups__mistakes() -> None:
    with pytest.raises(ConfigError, match=r"no trainable parameter begins with.*decoders.post"):
        settings(_Model(), lr_mult={"decoders.post.": 2.0})
    with pytest.raises(ConfigError, match=r"decay_mult: no trainable .*decoders.post"):
        settings(_Model(), decay_mult={"decoders.post.": 2.0})
    with pytest.raises(ConfigError, match=r"unknown keys \['norm_decay_mult'\].*layer_decay"):
        settings(_Model(), norm_decay_mult=0.0)
    with pytest.raises(ConfigError, match="nothing is trainable"):
        settings(_Model().requires_grad_(False))


def test_wrapper__clips_to_the_norm_and_keeps_what_it_was() -> None:
    parameters = [nn.Parameter(torch.zeros(3)), nn.Parameter(torch.zeros(1))]
    parameters[0].grad, parameters[1].grad = torch.tensor([3.0, 0.0, 0.0]), torch.tensor([4.0])
    wrapper = MultitaskOptimWrapper(
        torch.optim.SGD(parameters, lr=1.0), precision="fp32", clip_grad=dict(max_norm=1.0)
    )
    assert wrapper.clip().item() == pytest.approx(5.0)
    wrapper.step()
    torch.testing.assert_close(parameters[0].detach(), torch.tensor([-0.6, 0.0, 0.0]))
    torch.testing.assert_close(parameters[1].detach(), torch.tensor([-0.8]))


def test_wrapper__clips_each_part_by_its_own_norm() -> None:
    model = nn.ModuleDict(
        dict(backbone=nn.Linear(1, 1, bias=False), decoders=nn.ModuleDict(dict(a=nn.Linear(1, 1))))
    )
    config = dict(
        type="argus.MultitaskOptimWrapper",
        optimizer=dict(type="SGD", lr=1.0),
        precision="fp32",
        clip_grad=dict(max_norm=1.0),
        clip_each_part=True,
    )
    wrapper = MultitaskOptimConstructor(config)(model)
    before = [parameter.detach().clone() for parameter in model.parameters()]
    for parameter, value in zip(model.parameters(), (12.0, 3.0, 4.0), strict=True):
        parameter.grad = torch.full_like(parameter, value)
    assert wrapper.clip().item() == pytest.approx(13.0)
    wrapper.step()
    steps = [b - p for b, p in zip(before, model.parameters(), strict=True)]
    assert [step.item() for step in steps] == pytest.approx([1.0, 0.6, 0.8], rel=1e-5)


@pytest.mark.parametrize("clip_grad", [None, dict(type="value", clip_value=1.0)])
def test_wrapper__measures_the_norm_without_clipping_by_it(clip_grad: dict | None) -> None:
    parameter = nn.Parameter(torch.zeros(2))
    parameter.grad = torch.tensor([3.0, 4.0])
    sgd = torch.optim.SGD([parameter], lr=1.0)
    wrapper = MultitaskOptimWrapper(sgd, precision="fp32", clip_grad=clip_grad)
    wrapper.parts = [[parameter]]
    assert wrapper.clip().item() == pytest.approx(5.0)
    assert parameter.grad.tolist() == ([1.0, 1.0] if clip_grad else [3.0, 4.0])


def test_wrapper__parts_without_a_norm_are_refused() -> None:
    sgd = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    with pytest.raises(ConfigError, match="clip_each_part needs a norm"):
        MultitaskOptimWrapper(sgd, clip_each_part=True)


class _WithoutKernel(torch.optim.AdamW):
    """As PyTorch's where a device has no fused kernel."""

    def __init__(self, *args, fused: bool | None = None, **options) -> None:
        super().__init__(*args, **options)
        if fused:
            raise RuntimeError("`fused=True` requires other devices")


@pytest.mark.parametrize(
    ("optimizer", "fused"),
    [
        (dict(type=torch.optim.AdamW), True),
        (dict(type="SGD"), True),
        (dict(type=torch.optim.AdamW, fused=False), False),
        (dict(type=torch.optim.AdamW, foreach=True), None),
        (dict(type=torch.optim.RMSprop), None),
        (dict(type=_WithoutKernel), None),
    ],
    ids=["adamw", "by_name", "off", "foreach", "has_none", "not_here"],
)
def test_optimizer__is_fused_where_it_can_be(optimizer: dict, fused: bool | None) -> None:
    config = dict(type=MultitaskOptimWrapper, optimizer=dict(lr=LR, **optimizer))
    built = MultitaskOptimConstructor(config)(_Model()).optimizer
    assert {group.get("fused") for group in built.param_groups} == {fused}
    # Numbers and state: tests/engine/checkpoints/test_training_state.py.
