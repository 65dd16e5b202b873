"""One pass over batches of several sizes gives what each batch alone gives, and their gradients."""

import pytest
import torch
from torch import Tensor, nn

from argus.layers.packing import Packing
from argus.models.backbones import PlainViT, SiglipVisionTransformer
from tests.models.backbones.toys import TOY_ARCH, open_gamma, shake, toy_adapter, toy_vit

SIZES = [(2, 64, 32), (1, 64, 64), (1, 64, 32)]  # images, height, width


def adapter(**switches) -> nn.Module:
    return open_gamma(toy_adapter(shake(toy_vit()), **switches))


def siglip() -> nn.Module:
    vit = SiglipVisionTransformer(TOY_ARCH, weights="random")
    return open_gamma(toy_adapter(shake(vit)))


BACKBONES = {
    "frozen ViT": adapter,
    "trained ViT": lambda: adapter(freeze_vit=False),
    "checkpointing": lambda: adapter(with_cp=True),
    "stage": lambda: adapter(vit_feature_source="stage", num_interactions=4),
    "batch norm": lambda: adapter(norm="BN"),
    "SigLIP": siglip,
    "plain": lambda: PlainViT(shake(toy_vit()), layers=(1, 3, 3, 4), freeze_vit=False),
}


def batches() -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(b, 3, h, w, generator=generator, dtype=torch.float64) for b, h, w in SIZES]


def maps_and_gradients(backbone: nn.Module, *, packed: bool) -> tuple[list[Tensor], dict]:
    """All maps, the gradient of every trained parameter, and the statistics of norms."""
    inputs = batches()
    found = backbone.forward_packed(inputs) if packed else [backbone(images) for images in inputs]
    levels = [level for maps in found for level in maps]
    weights = [torch.linspace(-1, 1, x.numel(), dtype=x.dtype).view_as(x) for x in levels]
    backbone.zero_grad()
    sum((x * w).sum() for x, w in zip(levels, weights, strict=True)).backward()
    state = {n: p.grad for n, p in backbone.named_parameters() if p.grad is not None}
    return levels, state | {n: b.clone() for n, b in backbone.named_buffers()}


@pytest.mark.parametrize("name", BACKBONES)
def test_packed__equals_batch_by_batch(name: str) -> None:
    alone, alone_state = maps_and_gradients(BACKBONES[name]().double().train(), packed=False)
    together, state = maps_and_gradients(BACKBONES[name]().double().train(), packed=True)
    for a, b in zip(together, alone, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-9)
    assert state.keys() == alone_state.keys() and state
    for key, value in state.items():
        torch.testing.assert_close(value, alone_state[key], rtol=1e-9, atol=1e-9, msg=key)


def test_packed__linear_layers_run_once_over_all_tokens() -> None:
    backbone = adapter()
    seen: list[tuple[int, ...]] = []
    for block in backbone.vit.blocks:
        block.mlp.register_forward_hook(lambda m, inputs, out: seen.append(inputs[0].shape))
    backbone.forward_packed([images.float() for images in batches()])
    tokens = sum(b * (5 + h // 16 * w // 16) for b, h, w in SIZES)
    assert seen == [(tokens, 48)] * 4


def test_packing__split_undoes_join_and_keeps_the_gradient() -> None:
    parts = [torch.randn(b, n, 3, requires_grad=True) for b, n in ((2, 5), (1, 3), (2, 5))]
    packing = Packing.of(parts)
    assert packing.groups == ((2, 5), (1, 3), (2, 5))
    assert packing.lengths == [5, 5, 3, 5, 5] and packing.longest == 5
    back = packing.split(packing.join(parts))
    for a, b in zip(back, parts, strict=True):
        assert torch.equal(a, b)
    (gradient,) = torch.autograd.grad(back[1].square().sum(), parts[1])
    torch.testing.assert_close(gradient, 2 * parts[1])
