"""A pass over the tower is the tower's own forward; in chunks it is the same pass."""

import pytest
import torch
from torch import Tensor, nn

from argus.mtv.prompter import Prompter, box_code, patch_boxes
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


def test_prompter__is_the_towers_layer_where_places_say_nothing(
    prompter: Prompter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read at the query of a sequence, if the query cannot look at itself."""
    monkeypatch.setattr("argus.mtv.prompter._CODE_SCALE", 0.0)
    tokens, boxes = torch.randn(1, 16, 32), torch.tensor([[[0.0, 0.0, 0.5, 0.5]]])
    sequence = torch.cat([prompter.query[None, None], tokens], dim=1)
    mask = torch.zeros(1, 1, 17, 17)
    mask[..., 0] = -torch.inf
    with torch.no_grad():
        expected = prompter.layer(sequence, mask)[:, :1]
        torch.testing.assert_close(prompter(tokens, boxes), expected)


def test_prompter__looks_first_at_what_is_in_the_box(tower: nn.Module) -> None:
    """Of a fresh one: the share of a box's own patch in the slopes of its embedding."""
    torch.manual_seed(0)
    fresh = Prompter(tower.config)
    fresh.initialise(tower._init_weights)
    tokens = torch.randn(1, 16, 32, requires_grad=True)
    own = []
    for patch, box in enumerate(patch_boxes(4)):
        value = fresh(tokens, box[None, None]).square().sum()
        sizes = torch.autograd.grad(value, tokens)[0][0].norm(dim=-1)
        own.append(sizes[patch] / sizes.sum())
    assert sum(own) / len(own) > 4 / 16


def test_box_code__tells_boxes_apart() -> None:
    places = torch.arange(8) / 8
    boxes = torch.cartesian_prod(places, places, places, places)
    code = box_code(boxes, 32, grid=8)
    assert code.shape == (8**4, 32)
    assert len((code * 1e3).round().unique(dim=0)) == 8**4
    torch.testing.assert_close(code[0], torch.tensor([0.0] * 4 + [1.0] * 4).repeat(4))


def test_patch_boxes__go_row_by_row() -> None:
    expected = [[0, 0, 0.5, 0.5], [0.5, 0, 1, 0.5], [0, 0.5, 0.5, 1], [0.5, 0.5, 1, 1]]
    assert patch_boxes(2).tolist() == expected
