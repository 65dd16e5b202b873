"""A linear layer whose frozen weights are cast once: the same bits, and never stale ones."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from argus.layers import linear
from argus.layers.linear import Linear, kept_cast


@pytest.fixture
def layer() -> Linear:
    torch.manual_seed(0)
    return Linear(6, 5).requires_grad_(False)


def narrow(layer: nn.Linear, x: Tensor) -> Tensor:
    with torch.autocast("cpu", torch.bfloat16):
        out: Tensor = layer(x)
    return out


def test_linear__equals_pytorchs_to_the_bit(layer):
    plain = nn.Linear(6, 5).requires_grad_(False)
    plain.load_state_dict(layer.state_dict())
    x = torch.randn(3, 6, requires_grad=True)
    results = [narrow(one, x) for one in (layer, plain, layer)]
    gradients = [torch.autograd.grad(out.float().square().sum(), x)[0] for out in results]
    assert results[0].dtype == torch.bfloat16
    assert all(torch.equal(out, results[1]) for out in results)
    assert all(torch.equal(gradient, gradients[1]) for gradient in gradients)
    assert torch.equal(layer(x), plain(x))


def test_linear__casts_once_until_the_weights_change(layer):
    x = torch.randn(3, 6)
    with torch.inference_mode():
        narrow(layer, x)
    first = kept_cast(layer.weight, torch.bfloat16)
    assert not first.is_inference()
    narrow(layer, x)
    assert kept_cast(layer.weight, torch.bfloat16) is first
    layer.load_state_dict({"weight": torch.ones(5, 6), "bias": torch.zeros(5)})
    assert torch.equal(narrow(layer, x)[:, 0], narrow(layer, x)[:, 4])
    layer.weight.data = torch.zeros(5, 6)
    assert not narrow(layer, x).any()


def test_linear__keeps_nothing_of_trained_weights(layer, monkeypatch):
    monkeypatch.setattr(linear, "kept_cast", None)
    x = torch.randn(3, 6)
    layer.bias.requires_grad_()
    out = narrow(layer, x)
    out.sum().backward()
    assert torch.equal(layer.bias.grad, torch.full((5,), 3.0))
    assert torch.equal(layer.requires_grad_(False)(x), F.linear(x, layer.weight, layer.bias))


def test_linear__a_copy_has_its_own_cast(layer):
    x = torch.randn(3, 6)
    narrow(layer, x)
    other = copy.deepcopy(layer)
    with torch.no_grad():
        other.weight.zero_()
        other.bias.zero_()
    assert not narrow(other, x).any()
    assert narrow(layer, x).any()
