"""Multi-scale deformable attention as mmcv calls it, against mmcv's own way for CPUs."""

import pytest
import torch
from mmcv.ops.multi_scale_deform_attn import (
    MultiScaleDeformableAttnFunction,
    multi_scale_deformable_attn_pytorch,
)


@pytest.mark.usefixtures("our_operators")
def test_attention__is_that_of_mmcv_on_cpus() -> None:
    generator = torch.Generator().manual_seed(0)
    sizes, starts = torch.tensor([[5, 6], [2, 3]]), torch.tensor([0, 30])
    value = torch.randn(2, 36, 2, 4, generator=generator, requires_grad=True)
    locations = torch.rand(2, 7, 2, 2, 3, 2, generator=generator) * 1.4 - 0.2  # some beyond
    weights = torch.rand(2, 7, 2, 2, 3, generator=generator)
    inputs = [value, locations.requires_grad_(), weights.requires_grad_()]
    found = MultiScaleDeformableAttnFunction.apply(value, sizes, starts, *inputs[1:], 64)
    expected = multi_scale_deformable_attn_pytorch(value, sizes, *inputs[1:])
    grad = torch.randn(found.shape, generator=generator)
    torch.testing.assert_close(found, expected)
    for ours, theirs in zip(
        torch.autograd.grad(found, inputs, grad),
        torch.autograd.grad(expected, inputs, grad),
        strict=True,
    ):
        torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)
