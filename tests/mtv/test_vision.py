"""A pass over the tower is the tower's own forward; in chunks it is the same pass."""

import itertools

import pytest
import torch
from torch import Tensor, nn

from argus.mtv.prompter import Prompter, box_code
from argus.mtv.vision import run_vision
from tests.mtv.tiny import SIZE, tiny_mtv


@pytest.fixture(scope="module")
def tower() -> nn.Module:
    return tiny_mtv("vl").backbone.vision_model


def images(number: int = 3, size: int = SIZE) -> Tensor:
    return torch.rand(number, 3, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.mark.parametrize("size", [SIZE, 16, 48])
def test_run_vision__is_the_towers_own_forward(tower: nn.Module, size: int) -> None:
    """Also with a mask of nothing, and at sizes for which positions are interpolated."""
    x = images(size=size)
    nothing = torch.zeros(3, (size // 8) ** 2, dtype=torch.bool)
    with torch.no_grad():
        expected = tower(x, interpolate_pos_encoding=True, output_hidden_states=True)
        token = torch.ones(32)
        found = run_vision(
            tower, x, taps=(1, 2), tokens=True, pools=True, mask=nothing, mask_token=token
        )
    assert torch.equal(found.tokens, expected.last_hidden_state)
    assert torch.equal(found.pooled, expected.pooler_output)
    assert torch.equal(found.taps[0], expected.hidden_states[1])
    assert torch.equal(tower.post_layernorm(found.taps[1]), expected.last_hidden_state)


def test_mask__hides_what_it_covers_and_keeps_the_place(tower: nn.Module) -> None:
    x = images(1)
    mask = torch.zeros(1, 16, dtype=torch.bool)
    mask[0, 0] = True
    other = x.clone()
    other[:, :, :8, :8] = 1.0  # the pixels of the first patch
    token = torch.randn(32)
    with torch.no_grad():
        first, second = (
            run_vision(tower, value, tokens=True, mask=mask, mask_token=token).tokens
            for value in (x, other)
        )
        plain = run_vision(tower, x, tokens=True).tokens
    assert torch.equal(first, second) and not torch.allclose(first, plain)


@pytest.mark.parametrize("chunk", [1, 2, 3])
def test_chunks__change_no_gradient(tower: nn.Module, chunk: int) -> None:
    """Computed again in the backward pass, a chunk at a time."""

    def gradients(chunk: int | None) -> list[Tensor]:
        found = run_vision(tower, images(), taps=(1,), tokens=True, pools=True, chunk=chunk)
        loss = found.pooled.square().sum() + found.taps[0].sum() + found.tokens.cos().sum()
        return list(torch.autograd.grad(loss, list(tower.parameters())))

    for own, other in zip(gradients(chunk), gradients(None), strict=True):
        torch.testing.assert_close(own, other, rtol=1e-4, atol=1e-5)


@pytest.fixture(scope="module")
def prompter(tower: nn.Module) -> Prompter:
    torch.manual_seed(0)
    return Prompter(tower.config)


def test_prompter__sees_the_box_and_the_picture(prompter: Prompter) -> None:
    tokens = torch.randn(2, 16, 32, requires_grad=True)
    boxes = torch.rand(2, 3, 2, 2).sort(dim=2).values.flatten(2)
    found = prompter(tokens, boxes)
    order = torch.tensor([2, 0, 1])
    torch.testing.assert_close(prompter(tokens, boxes[:, order]), found[:, order])
    moved = boxes.clone()
    moved[0, 1, 2] += 0.1
    changed = (prompter(tokens, moved) - found).abs().sum(-1) > 1e-5
    assert changed.sum() == 1 and changed[0, 1]
    (slopes,) = torch.autograd.grad(found[0, 0].sum(), tokens)
    assert slopes[0].abs().sum() > 0 == slopes[1].abs().sum()


def test_prompter__is_the_towers_layer_read_at_the_query(prompter: Prompter) -> None:
    """For each region alone, over a sequence of its query and the patches."""
    tokens = torch.randn(2, 16, 32)
    boxes = torch.rand(2, 3, 2, 2).sort(dim=2).values.flatten(2)
    with torch.no_grad():
        queries = prompter.query + 0.02 * box_code(boxes, 32)
        for image, region in itertools.product(range(2), range(3)):
            sequence = torch.cat([queries[image, region][None], tokens[image]])[None]
            expected = prompter.layer(sequence, None)[0, 0]
            torch.testing.assert_close(prompter(tokens, boxes)[image, region], expected)


def test_prompter__looks_for_patches_by_the_box(prompter: Prompter) -> None:
    """What the query asks the patches for depends on the box, not only what is added to it."""
    asked = []
    hook = prompter.layer.self_attn.q_proj.register_forward_hook(
        lambda module, args, found: asked.append(found[0])
    )
    boxes = torch.tensor([[[0.0, 0.0, 0.25, 0.25], [0.75, 0.75, 1.0, 1.0]]])
    with torch.no_grad():
        prompter(torch.randn(1, 16, 32), boxes)
    hook.remove()
    first, second = asked[0]
    assert (first - second).norm() > 0.1 * first.norm()


def test_box_code__tells_boxes_apart() -> None:
    places = torch.arange(8) / 8
    boxes = torch.cartesian_prod(places, places, places, places)
    code = box_code(boxes, 32)
    assert code.shape == (8**4, 32)
    assert len((code * 1e3).round().unique(dim=0)) == 8**4
    torch.testing.assert_close(code[0], torch.tensor([0.0] * 4 + [1.0] * 4).repeat(4))
