"""Norm scaling, position table, drop path, norms, feed-forward networks, patches."""

import pytest
import torch
import torch.nn.functional as F

from argus.layers.drop_path import DropPath
from argus.layers.layer_scale import LayerScale
from argus.layers.mlp import Mlp, SwiGLUFFN
from argus.layers.norm import build_norm2d
from argus.layers.patch_embed import PatchEmbed
from argus.layers.pos_embed import interpolate_pos_embed
from argus.layers.token_norm import scale_tokens, token_scale, unscale_tokens


def test_token_norm__mean_length_becomes_sqrt_d():
    tokens = torch.randn(3, 17, 24) * torch.tensor([0.01, 1.0, 300.0])[:, None, None]
    scaled = scale_tokens(tokens, token_scale(tokens))
    lengths = scaled.norm(dim=-1).mean(dim=1)
    # 1e-6 in the denominator shows at the smallest length, 0.05: 2e-5 relative.
    torch.testing.assert_close(lengths, torch.full((3,), 24**0.5), rtol=1e-4, atol=0)


def test_token_norm__unscaling_inverts_and_no_gradient_passes_the_factor():
    tokens = torch.randn(2, 5, 8, dtype=torch.float64, requires_grad=True)
    scale = token_scale(tokens)
    assert not scale.requires_grad
    back = unscale_tokens(scale_tokens(tokens, scale), scale)
    torch.testing.assert_close(back, tokens, atol=1e-14, rtol=0)


def test_token_norm__float32_for_bfloat16_and_zero_tokens():
    tokens = torch.randn(2, 4096, 8).bfloat16()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        scale = token_scale(tokens)
    assert scale.dtype == torch.float32
    torch.testing.assert_close(scale, token_scale(tokens.float()))
    assert torch.isfinite(token_scale(torch.zeros(1, 3, 4))).all()


def test_pos_embed__same_grid_is_untouched():
    table = torch.randn(1, 25, 6)
    assert interpolate_pos_embed(table, (5, 5)) is table


@pytest.mark.parametrize("grid", [(7, 3), (2, 9)])
def test_pos_embed__exact_size_with_antialias(grid):
    table = torch.randn(1, 25, 6)
    maps = table.view(1, 5, 5, 6).permute(0, 3, 1, 2)
    expected = F.interpolate(maps, size=grid, mode="bicubic", antialias=True)
    found = interpolate_pos_embed(table, grid)
    torch.testing.assert_close(found, expected.flatten(2).transpose(1, 2))


def test_pos_embed__offset_gives_the_scale_factor_of_the_hub():
    table = torch.randn(1, 37 * 37, 4)
    maps = table.view(1, 37, 37, 4).permute(0, 3, 1, 2)
    expected = F.interpolate(maps, scale_factor=(16.1 / 37, 20.1 / 37), mode="bicubic")
    found = interpolate_pos_embed(table, (16, 20), antialias=False, offset=0.1)
    torch.testing.assert_close(found, expected.flatten(2).transpose(1, 2))
    exact = interpolate_pos_embed(table, (16, 20), antialias=False)
    assert not torch.allclose(found, exact)


@pytest.mark.parametrize("side", range(1, 90))
def test_pos_embed__offset_always_reaches_the_grid(side):
    table = torch.zeros(1, 37 * 37, 1)
    found = interpolate_pos_embed(table, (side, 3), antialias=False, offset=0.1)
    assert found.shape[1] == side * 3


def test_drop_path__keeps_the_mean_and_is_off_in_eval():
    torch.manual_seed(0)
    layer = DropPath(0.25)
    out = layer(torch.ones(20000, 1, 2))
    assert torch.equal(out[:, :, 0], out[:, :, 1]), "a sample is dropped as a whole"
    assert out.unique().tolist() == pytest.approx([0.0, 1 / 0.75])
    assert abs(out.mean().item() - 1.0) < 0.02
    x = torch.randn(2, 3)
    assert layer.eval()(x) is x
    with pytest.raises(ValueError, match="found 1.0"):
        DropPath(1.0)


def test_norm__names_and_groups():
    assert build_norm2d("GN", 64, 32).num_groups == 32
    assert build_norm2d("GN", 24, {24: 8}).num_groups == 8
    assert isinstance(build_norm2d("BN", 8), torch.nn.BatchNorm2d)
    assert isinstance(build_norm2d("SyncBN", 8), torch.nn.SyncBatchNorm)
    with pytest.raises(ValueError, match="divides 48 channels, found 32"):
        build_norm2d("GN", 48)
    with pytest.raises(ValueError, match="no entry for 48"):
        build_norm2d("GN", 48, {24: 8})
    with pytest.raises(ValueError, match="found 'LN'"):
        build_norm2d("LN", 8)


def test_mlp__formulas():
    x = torch.randn(2, 5, 6)
    mlp = Mlp(6, 24)
    torch.testing.assert_close(mlp(x), mlp.fc2(F.gelu(mlp.fc1(x))))
    gated = SwiGLUFFN(6, 24)
    assert gated.w12.out_features == 32 and gated.w3.in_features == 16  # 24 * 2 / 3 = 16
    a, b = F.linear(x, gated.w12.weight, gated.w12.bias).split(16, dim=-1)
    torch.testing.assert_close(gated(x), gated.w3(a * torch.sigmoid(a) * b))


def test_swiglu__width_of_giant():
    with torch.device("meta"):
        layer = SwiGLUFFN(1536, 4 * 1536)
    assert layer.w12.weight.shape == (8192, 1536) and layer.w3.weight.shape == (1536, 4096)


def test_layer_scale__adds_the_scaled_branch_in_the_type_of_the_tokens():
    layer = LayerScale(4, 0.5)
    tokens, branch = torch.ones(2, 3, 4), torch.full((2, 3, 4), 3.0, dtype=torch.bfloat16)
    assert torch.equal(layer(tokens, branch), torch.full((2, 3, 4), 2.5))
    layer(tokens, branch).sum().backward()
    assert torch.equal(layer.gamma.grad, torch.full((4,), 18.0))


def test_patch_embed__rows_first_and_clear_error():
    layer = PatchEmbed(2, 5)
    images = torch.randn(1, 3, 4, 6)
    tokens = layer(images)
    assert tokens.shape == (1, 6, 5)
    alone = layer(images[:, :, 2:4, 0:2])  # second row, first column
    torch.testing.assert_close(tokens[:, 3], alone[:, 0])
    with pytest.raises(ValueError, match="multiples of 2, found 5 x 6"):
        layer(torch.randn(1, 3, 5, 6))
