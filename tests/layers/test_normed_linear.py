"""A norm and linear layers in one: outputs, gradients and what is kept, against the two modules."""

import pytest
import torch
from torch import Tensor, nn

from argus.layers.normed_linear import normed_linear


def modules(dtype: torch.dtype) -> nn.ModuleList:
    """A norm and two layers whose every number matters."""
    torch.manual_seed(0)
    made = nn.ModuleList([nn.LayerNorm(12), nn.Linear(12, 5), nn.Linear(12, 7)]).to(dtype)
    for parameter in made.parameters():
        nn.init.normal_(parameter)
    return made


def plainly(tokens: Tensor, norm: nn.LayerNorm, *layers: nn.Linear) -> tuple[Tensor, ...]:
    return tuple(layer(norm(tokens)) for layer in layers)


def results(function, dtype: torch.dtype, *, autocast: bool, tokens_need: bool) -> list[Tensor]:
    made = modules(dtype)
    tokens = torch.randn(2, 9, 12, dtype=dtype) * 3 + 1
    tokens.requires_grad_(tokens_need)
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        outs = function(tokens, *made)
        loss = sum((out * torch.linspace(-1, 1, out.shape[-1])).sum() for out in outs)
    inputs = [*([tokens] if tokens_need else []), *made.parameters()]
    return [*outs, *torch.autograd.grad(loss, inputs)]


@pytest.mark.parametrize("tokens_need", [True, False])
@pytest.mark.parametrize(
    ("dtype", "autocast", "tolerance"),
    [(torch.float64, False, 1e-12), (torch.float32, False, 1e-5), (torch.float32, True, 1e-2)],
)
def test_normed_linear__equals_the_modules(dtype, autocast, tolerance, tokens_need):
    options = dict(autocast=autocast, tokens_need=tokens_need)
    found, expected = (results(f, dtype, **options) for f in (normed_linear, plainly))
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.dtype == theirs.dtype
        scale = theirs.double().abs().max()
        assert (ours.double() - theirs.double()).abs().max() <= tolerance * scale


def test_normed_linear__keeps_its_input_alone():
    made = modules(torch.float32)
    tokens = torch.randn(2, 9, 12, requires_grad=True)
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t) or t, lambda t: t):
        normed_linear(tokens, *made)
    of_tokens = {t.untyped_storage().data_ptr() for t in kept if t.numel() == tokens.numel()}
    assert of_tokens == {tokens.untyped_storage().data_ptr()}


def test_normed_linear__without_gradients_calls_the_modules():
    made = modules(torch.float32).requires_grad_(False)
    called = []
    for module in made:
        module.register_forward_hook(lambda *_: called.append(1))
    tokens = torch.randn(1, 3, 12, requires_grad=True)
    for ours, theirs in zip(normed_linear(tokens, *made), plainly(tokens, *made), strict=True):
        assert torch.equal(ours, theirs) and ours.requires_grad
    assert len(called) == 3 + 4
