"""The depth head computes what the library's modules do in their own order."""

import pytest
import torch
from torch import Tensor, nn

from argus.mtv.depth_head import DepthHead


def by_the_library(head: DepthHead, taps: list[Tensor], grid: tuple[int, int]) -> Tensor:
    """Their own forward, with an empty class token before the patches."""
    padded = [nn.functional.pad(tap, (0, 0, 1, 0)) for tap in taps]
    found: Tensor = head.head(head.neck(padded, *grid), *grid)
    return found


@pytest.mark.parametrize(("grid", "patch"), [((4, 4), 8), ((5, 3), 16)])
def test_head__is_the_library_s_and_so_are_its_gradients(grid: tuple[int, int], patch: int) -> None:
    torch.manual_seed(0)
    head = DepthHead(24, patch, channels=(4, 6, 8, 10), fusion=6, hidden=4)
    taps = [torch.randn(2, grid[0] * grid[1], 24) for _ in range(4)]
    results = []
    for run in (head, lambda *given: by_the_library(head, *given)):
        found = run(taps, grid)
        weights = torch.linspace(-1, 1, found.numel()).reshape(found.shape)
        gradients = torch.autograd.grad((found * weights).sum(), list(head.parameters()))
        results.append([found.detach(), *gradients])
    assert results[0][0].shape == (2, grid[0] * patch, grid[1] * patch)
    for own, other in zip(*results, strict=True):
        torch.testing.assert_close(own, other, rtol=1e-4, atol=1e-4 * float(other.abs().max()))


def test_head__keeps_channels_last() -> None:
    """A copy of a map into another layout costs more than its convolution."""
    head = DepthHead(16, 8, channels=(4, 6, 8, 10), fusion=6, hidden=4)
    seen = {}
    for name, module in head.named_modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(
                lambda _, given, __, name=name: seen.update({name: given[0]})
            )
    head([torch.randn(2, 16, 16) for _ in range(4)], (4, 4))
    assert len(seen) > 20
    assert all(x.is_contiguous(memory_format=torch.channels_last) for x in seen.values())
