"""The DPT trunk against a reference written straight from the paper's figure."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from argus.errors import ConfigError
from argus.models.decoders.dpt import DPTDecoder, FeatureFusion, PreActivationResidual


def make_maps(channels: int, sizes=((16, 12), (8, 6), (4, 3), (2, 2))) -> list[torch.Tensor]:
    torch.manual_seed(1)
    return [torch.randn(2, channels, *size, dtype=torch.float64) for size in sizes]


def residual_reference(unit: PreActivationResidual, x: torch.Tensor) -> torch.Tensor:
    out = x
    for module in (unit.conv1, unit.conv2):
        out = F.conv2d(F.relu(out), module.conv.weight, module.conv.bias, padding=1)
        if module.with_norm:
            norm = module.norm
            out = F.group_norm(out, norm.num_groups, norm.weight, norm.bias, norm.eps)
    return x + out


def fusion_reference(block: FeatureFusion, x, skip, out_size) -> torch.Tensor:
    """Figure 1, right: the resize comes before the 1x1 convolution."""
    if skip is not None:
        x = x + residual_reference(block.skip_unit, skip)
    x = residual_reference(block.out_unit, x)
    x = F.interpolate(x, size=out_size, mode="bilinear", align_corners=False)
    return F.conv2d(x, block.project.weight, block.project.bias)


@pytest.mark.parametrize("norm_cfg", [None, dict(type="GN", num_groups=4)])
@pytest.mark.parametrize("has_skip", [True, False])
def test_fusion__equals_reference(norm_cfg, has_skip):
    torch.manual_seed(0)
    block = FeatureFusion(8, norm_cfg=norm_cfg, has_skip=has_skip).double()
    for parameter in block.parameters():
        nn.init.normal_(parameter, std=0.3)
    x, skip = torch.randn(2, 2, 8, 5, 6, dtype=torch.float64)
    skip = skip if has_skip else None
    got = block(x, skip, out_size=(10, 12))
    expected = fusion_reference(block, x, skip, (10, 12))
    torch.testing.assert_close(got, expected, rtol=0, atol=1e-12)


def test_residual__input_is_not_overwritten():
    unit = PreActivationResidual(8, norm_cfg=None)
    x = torch.randn(1, 8, 4, 4)
    before = x.clone()
    unit(x)
    assert torch.equal(x, before)


def test_decoder__equals_reference():
    torch.manual_seed(0)
    decoder = DPTDecoder((6, 6, 6, 6), channels=8, norm_cfg=dict(type="GN", num_groups=4)).double()
    maps = make_maps(6)
    convs = decoder.level_convs
    levels = [F.conv2d(m, c.weight, padding=1) for m, c in zip(maps, convs, strict=True)]
    x = fusion_reference(decoder.fusions[3], levels[3], None, (4, 3))
    x = fusion_reference(decoder.fusions[2], x, levels[2], (8, 6))
    x = fusion_reference(decoder.fusions[1], x, levels[1], (16, 12))
    x = fusion_reference(decoder.fusions[0], x, levels[0], (16, 12))
    got = decoder(maps)
    assert got.shape == (2, 8, 16, 12)
    torch.testing.assert_close(got, x, rtol=0, atol=1e-12)


def test_decoder__every_parameter_gets_a_gradient():
    decoder = DPTDecoder((6, 6, 6, 6), channels=8)
    decoder([m.float() for m in make_maps(6)]).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in decoder.parameters())


def test_decoder__mirrored_weights_and_maps_give_the_mirrored_output():
    torch.manual_seed(0)
    decoder = DPTDecoder((6, 6, 6, 6), channels=8).double()
    maps = make_maps(6)
    plain = decoder(maps)
    with torch.no_grad():
        for module in decoder.modules():
            if isinstance(module, nn.Conv2d):
                module.weight.copy_(module.weight.flip(-1))
    mirrored = decoder([m.flip(-1) for m in maps])
    torch.testing.assert_close(mirrored.flip(-1), plain, rtol=0, atol=1e-12)


def test_decoder__wrong_number_of_maps_is_explained():
    with pytest.raises(ConfigError, match="backbone gives 3"):
        DPTDecoder((6, 6, 6, 6), channels=8).double()(make_maps(6)[:3])
    with pytest.raises(ConfigError, match="at least two levels"):
        DPTDecoder(768)
