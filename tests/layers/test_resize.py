"""The two forms of one resize: PyTorch's, and matrix products for export."""

import pytest
import torch
import torch.nn.functional as F

from argus.layers.pos_embed import interpolate_pos_embed
from argus.layers.resize import resize, use_matrix_resize


@pytest.mark.parametrize("mode", ["bicubic", "bilinear"])
@pytest.mark.parametrize("antialias", [True, False])
@pytest.mark.parametrize("size", [(84, 56), (120, 30), (96, 64)])
def test_resize__matrices_equal_pytorch(mode, antialias, size):
    maps = torch.randn(2, 3, 96, 64)
    expected = resize(maps, size, mode=mode, antialias=antialias)
    assert torch.equal(expected, F.interpolate(maps, size=size, mode=mode, antialias=antialias))
    with use_matrix_resize():
        found = resize(maps, size, mode=mode, antialias=antialias)
    torch.testing.assert_close(found, expected, atol=5e-6, rtol=0)


@pytest.mark.parametrize("offset", [0.0, 0.1])
def test_resize__position_tables(offset):
    table = torch.randn(1, 64, 6)
    expected = interpolate_pos_embed(table, (6, 4), antialias=not offset, offset=offset)
    with use_matrix_resize():
        found = interpolate_pos_embed(table, (6, 4), antialias=not offset, offset=offset)
    assert (found - table[:, :24]).abs().max() > 0.1
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def test_use_matrix_resize__ends_with_the_block():
    maps = torch.randn(1, 1, 8, 8)
    with pytest.raises(KeyError), use_matrix_resize():
        raise KeyError
    found = resize(maps, (5, 5), mode="bicubic")
    assert torch.equal(found, F.interpolate(maps, size=(5, 5), mode="bicubic", antialias=True))
