"""The networks of the dense heads against mmseg's and against their parts."""

import warnings

import pytest
import torch
import torch.nn.functional as F
from mmseg.models import UPerHead
from torch import nn

from argus.models.decoders import DPTNetwork, UPerNetwork
from tests.models.decoders.dense.toys import DPT, UPER


def maps(batch: int = 2) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(batch, 8, 16 >> i, 24 >> i, generator=generator) for i in range(4)]


def build(config: dict, out_channels: int) -> nn.Module:
    torch.manual_seed(0)
    settings = {key: value for key, value in config.items() if key != "type"}
    return config["type"](**settings, out_channels=out_channels)


@pytest.mark.parametrize("out_channels", [1, 2, 3])
def test_uper_network__gives_what_mmsegs_head_gives_without_its_warnings(out_channels):
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        network = build(UPER, out_channels)
    head = UPerHead(
        in_channels=[8] * 4,
        in_index=[0, 1, 2, 3],
        channels=8,
        pool_scales=(1, 2),
        num_classes=out_channels,
        out_channels=out_channels,
        threshold=0.5,
        norm_cfg=dict(type="GN", num_groups=2),
    )
    head.load_state_dict(network.state_dict())
    found = network.eval()(maps())
    assert torch.equal(found, head.eval()(maps()))
    assert found.shape == (2, out_channels, 16, 24)
    assert not list(network.loss_decode.parameters())


def test_dpt_network__is_trunk_and_output_convolutions():
    network = build(DPT, 3)
    x = F.conv2d(network.trunk(maps()), network.project.weight, network.project.bias, padding=1)
    x = F.interpolate(x, size=(32, 48), mode="bilinear", align_corners=False)
    refine, last = network.refine.conv, network.final_layer
    x = F.conv2d(x, refine.weight, refine.bias, padding=1).relu()
    expected = F.conv2d(x, last.weight, last.bias)
    torch.testing.assert_close(network(maps()), expected)
    assert expected.shape == (2, 3, 32, 48)
    assert (network.project.out_channels, refine.out_channels) == (8, 8)


def test_dpt_network__norm_is_that_of_the_trunk():
    network = build(DPT | dict(norm_cfg=dict(type="GN", num_groups=4)), 1)
    norms = [name for name, m in network.named_modules() if isinstance(m, nn.GroupNorm)]
    assert len(norms) == 14
    assert all(name.startswith("trunk.") for name in norms)


@pytest.mark.parametrize("config", [DPT, UPER], ids=["dpt", "uper"])
def test_network__last_layer_runs_in_float32_and_every_parameter_learns(config):
    network = build(config, 3).train()
    with torch.autocast("cpu", torch.bfloat16):
        found = network(maps())
    assert found.dtype == torch.float32
    # Values that bfloat16 cannot hold: the last layer was not rounded.
    assert (found != found.bfloat16().float()).float().mean() > 0.9
    found.square().sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


def test_networks__are_in_the_registry_under_their_names():
    from argus.registry import MODELS

    assert MODELS.get("argus.DPTNetwork") is DPTNetwork
    assert MODELS.get("argus.UPerNetwork") is UPerNetwork
