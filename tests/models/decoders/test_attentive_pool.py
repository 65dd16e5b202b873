"""Attentive pooling against PyTorch's attention, and what it must not depend on."""

import pytest
import torch
from mmengine.registry import DefaultScope
from torch import nn

from argus.errors import ConfigError
from argus.models.decoders.attentive_pool import AttentivePooling
from argus.registry import MODELS
from tests.learning import learn


def make_maps(channels: int, batch: int = 2, size: int = 16) -> tuple[torch.Tensor, ...]:
    torch.manual_seed(1)
    return tuple(torch.randn(batch, channels, size >> i, size >> i) for i in range(4))


def randomise(module: nn.Module) -> None:
    """Give every parameter, norms and biases too, a value that shows in the output."""
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))


def reference(pool: AttentivePooling, maps: tuple[torch.Tensor, ...]) -> torch.Tensor:
    """The plain form: every token projected, by PyTorch's own multi-head attention."""
    attention = nn.MultiheadAttention(pool.in_channels, pool.num_heads, batch_first=True)
    attention.to(maps[0].dtype)
    projections = (pool.query_proj, pool.key_proj, pool.value_proj)
    with torch.no_grad():
        attention.in_proj_weight.copy_(torch.cat([p.weight for p in projections]))
        attention.in_proj_bias.copy_(torch.cat([p.bias for p in projections]))
        attention.out_proj.load_state_dict(pool.out_proj.state_dict())
    tokens = torch.cat([maps[i].flatten(2).transpose(1, 2) for i in pool.levels], dim=1)
    tokens = pool.token_norm(tokens)
    query = pool.query_norm(pool.query_embed).expand(len(tokens), 1, -1)
    return pool.out_norm(attention(query, tokens, tokens)[0][:, 0])


@pytest.mark.parametrize("levels", [(0, 1, 2, 3), (1, 2, 3), (3,)])
@pytest.mark.parametrize("num_heads", [1, 4])
def test_attentive_pool__equals_multihead_attention(levels, num_heads):
    pool = AttentivePooling(32, num_heads, levels).double()
    randomise(pool)
    maps = tuple(m.double() for m in make_maps(32))
    (pooled,) = pool(maps)
    assert pooled.shape == (2, 32)
    torch.testing.assert_close(pooled, reference(pool, maps), rtol=0, atol=1e-12)


def test_attentive_pool__gradients_equal_multihead_attention():
    pool = AttentivePooling(16, 2).double()
    randomise(pool)
    maps = tuple(m.double().requires_grad_() for m in make_maps(16, size=8))
    weight = torch.randn(2, 16, dtype=torch.float64)
    folded = torch.autograd.grad((pool(maps)[0] * weight).sum(), [*maps, pool.query_embed])
    plain = torch.autograd.grad((reference(pool, maps) * weight).sum(), [*maps, pool.query_embed])
    for got, expected in zip(folded, plain, strict=True):
        torch.testing.assert_close(got, expected, rtol=0, atol=1e-12)


def test_attentive_pool__every_parameter_is_in_the_graph():
    pool = AttentivePooling(16, 2)
    pool(make_maps(16, size=8))[0].square().sum().backward()
    assert all(parameter.grad is not None for parameter in pool.parameters())


def test_attentive_pool__order_of_tokens_does_not_matter():
    pool = AttentivePooling(16, 4)
    randomise(pool)
    maps = make_maps(16)
    shuffled = []
    for feature_map in maps:
        order = torch.randperm(feature_map[0, 0].numel())
        shuffled.append(feature_map.flatten(2)[:, :, order].view_as(feature_map))
    torch.testing.assert_close(pool(shuffled)[0], pool(maps)[0], rtol=0, atol=1e-5)


def test_attentive_pool__samples_are_independent():
    pool = AttentivePooling(16, 4)
    randomise(pool)
    maps = make_maps(16)
    alone = pool(tuple(m[:1] for m in maps))[0]
    torch.testing.assert_close(pool(maps)[0][:1], alone, rtol=0, atol=1e-6)


def test_attentive_pool__bfloat16_autocast_stays_close():
    pool = AttentivePooling(64, 4)
    maps = make_maps(64)
    exact = pool(maps)[0]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rounded = pool(maps)[0]
    # A LayerNorm gives outputs of size one; bfloat16 has three significant digits.
    assert (rounded.float() - exact).abs().max() < 0.05


def test_attentive_pool__wrong_arguments_are_explained():
    with pytest.raises(ConfigError, match="num_heads=5 and in_channels=32"):
        AttentivePooling(32, 5)
    with pytest.raises(ConfigError, match="levels is empty"):
        AttentivePooling(32, 4, levels=())
    with pytest.raises(ConfigError, match="gives 2 feature maps"):
        AttentivePooling(16, 4)(make_maps(16)[:2])


def test_attentive_pool__trains_in_mmpretrain_classifier():
    from mmpretrain.models import ImageClassifier
    from mmpretrain.structures import DataSample

    class Identity(nn.Module):
        def forward(self, maps):
            return maps

    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope("mmpretrain"):
        model = ImageClassifier(
            backbone=Identity(),
            neck=MODELS.build(dict(type=AttentivePooling, in_channels=16, num_heads=4)),
            head=dict(type="LinearClsHead", num_classes=6, in_channels=16),
        )
    maps = make_maps(16, batch=6)
    samples = [DataSample().set_gt_label(i) for i in range(6)]
    learn(
        model.parameters(),
        lambda: model(maps, samples, mode="loss")["loss"],
        steps=30,
        rate=1e-2,
    )
    predictions = model(maps, samples, mode="predict")
    assert [int(p.pred_label) for p in predictions] == list(range(6))
