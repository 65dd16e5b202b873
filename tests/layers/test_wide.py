"""Layers that stay in float32: the numbers of float32, gradients, layers of other libraries."""

import copy

import pytest
import torch
from torch import nn

from argus.layers.wide import WideConv2d, WideLinear, widen


@pytest.mark.parametrize(
    ("plain", "wide", "shape"),
    [
        (nn.Linear(64, 150), WideLinear, (500, 64)),
        (nn.Conv2d(64, 150, 1), WideConv2d, (1, 64, 20, 25)),
    ],
)
def test_wide__scores_under_autocast_are_those_of_float32(plain, wide, shape):
    torch.manual_seed(0)
    x = torch.randn(shape).bfloat16()
    expected = plain(x.float())
    with torch.autocast("cpu", torch.bfloat16):
        narrow = plain(x)
        layer = copy.deepcopy(plain)
        assert widen(layer) and type(layer) is wide
        found = layer(x)
    assert found.dtype == torch.float32 and torch.equal(found, expected)
    # What it is for: in bfloat16 another class wins here and there.
    assert not torch.equal(narrow.argmax(1), expected.argmax(1))
    found.square().mean().backward()
    assert layer.weight.grad.dtype == torch.float32
    assert list(layer.state_dict()) == list(plain.state_dict())


def test_widen__leaves_other_layers_alone():
    class Own(nn.Linear):
        pass

    for layer in (Own(2, 2), nn.Conv1d(2, 2, 1), nn.Identity()):
        kind = type(layer)
        assert not widen(layer) and type(layer) is kind
