"""The sigmoid loss against transformers' own, and against every pair written out."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from argus.errors import ConfigError
from argus.mtv.losses.sigmoid import EQUAL_TEXTS, Pairs, sigmoid_loss
from tools.benchmarks.sigmoid_loss import embeddings, gathered_loss, step


def pair(number: int, *, seed: int = 0, width: int = 6) -> list[Tensor]:
    """Images, texts, scale and bias as leaves."""
    generator = torch.Generator().manual_seed(seed)
    values = [torch.randn(number, width, generator=generator) for _ in range(2)]
    values += [torch.tensor([3.0]), torch.tensor([-1.5])]
    return [value.requires_grad_() for value in values]


def all_valid(number: int, equal_texts: str = "negative") -> Pairs:
    valid = torch.ones(number, dtype=torch.bool)
    return Pairs(keys=torch.arange(number), valid=valid, equal_texts=equal_texts)


def written_out(values: list[Tensor], pairs: Pairs) -> Tensor:
    """The formula, pair by pair."""
    images, texts, scale, bias = values
    total = images.new_zeros(())
    for i in range(len(images)):
        for j in range(len(texts)):
            if not (pairs.valid[i] and pairs.valid[j]):
                continue
            sign = 1.0 if i == j else -1.0
            known = pairs.keys[[i]] if pairs.known is None else pairs.known[i]
            if i != j and pairs.keys[j] in known:
                sign = dict(negative=-1.0, ignore=0.0, positive=1.0)[pairs.equal_texts]
            cosine = torch.cosine_similarity(images[i], texts[j], dim=0)
            loss = torch.log1p(torch.exp(-sign * (scale * cosine + bias)))
            total = total + (loss.squeeze() if sign else 0.0)
    return total / max(1, int(pairs.valid.sum()))


def with_gradients(loss: Tensor, values: list[Tensor]) -> list[Tensor]:
    return [loss.detach(), *torch.autograd.grad(loss, values)]


def close(found: list[Tensor], expected: list[Tensor]) -> None:
    for own, other in zip(found, expected, strict=True):
        torch.testing.assert_close(own, other, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("equal_texts", EQUAL_TEXTS)
@pytest.mark.parametrize("chunk", [2, 100])
@pytest.mark.parametrize("known", [None, [[7, 7], [1, 7], [7, 1], [2, 7], [7, 2]]])
def test_sigmoid_loss__is_every_pair_written_out(
    equal_texts: str, chunk: int, known: list[list[int]] | None
) -> None:
    pairs = Pairs(
        keys=torch.tensor([7, 1, 7, 2, 7]),
        valid=torch.tensor([True, True, True, False, True]),
        equal_texts=equal_texts,
        known=None if known is None else torch.tensor(known),
    )
    values = pair(5)
    found = sigmoid_loss(*values, pairs=pairs, chunk=chunk)
    close(with_gradients(found, values), with_gradients(written_out(values, pairs), values))


def test_sigmoid_loss__is_that_of_transformers() -> None:
    from tests.mtv.tiny import BACKBONE, batch, tiny_mtv

    assert BACKBONE
    model = tiny_mtv("vl").backbone.eval()
    raw = batch([1, 2, 5, 7])
    ids = torch.stack([sample["vl"].ids for sample in raw["data_samples"]])
    pixels = torch.stack(raw["inputs"]) / 127.5 - 1
    with torch.no_grad():
        expected = model(input_ids=ids, pixel_values=pixels, return_loss=True)
        found = sigmoid_loss(
            expected.image_embeds * 3.0,  # of any length
            expected.text_embeds,
            model.logit_scale.exp(),
            model.logit_bias,
            pairs=all_valid(4),
        )
    torch.testing.assert_close(found, expected.loss, rtol=1e-6, atol=1e-6)


def test_open_clip__has_the_same_loss() -> None:
    open_clip = pytest.importorskip("open_clip.loss", reason="needs the extra oracles")
    images, texts, scale, bias = pair(5)
    found = sigmoid_loss(images, texts, scale, bias, pairs=all_valid(5), chunk=2)
    unit = torch.nn.functional.normalize
    expected = open_clip.SigLipLoss()(unit(images), unit(texts), scale, bias)
    torch.testing.assert_close(found, expected)


def test_sigmoid_loss__does_not_mind_the_order() -> None:
    images, texts, scale, bias = pair(6)
    order = torch.randperm(6, generator=torch.Generator().manual_seed(3))
    losses = [
        sigmoid_loss(images[rows], texts[rows], scale, bias, pairs=all_valid(6))
        for rows in (torch.arange(6), order)
    ]
    torch.testing.assert_close(*losses)


def test_sigmoid_loss__padding_has_no_influence() -> None:
    images, texts, scale, bias = pair(6)
    pairs = Pairs(keys=torch.arange(6), valid=torch.arange(6) < 4)
    padded = sigmoid_loss(images, texts, scale, bias, pairs=pairs)
    alone = sigmoid_loss(images[:4], texts[:4], scale, bias, pairs=all_valid(4))
    torch.testing.assert_close(padded, alone)
    assert torch.autograd.grad(padded, images)[0][4:].abs().sum() == 0


def test_sigmoid_loss__of_nothing_is_zero_with_zero_slopes() -> None:
    values = pair(3)
    pairs = Pairs(keys=torch.arange(3), valid=torch.zeros(3, dtype=torch.bool))
    for value in with_gradients(sigmoid_loss(*values, pairs=pairs), values):
        assert value.abs().sum() == 0


def test_sigmoid_loss__is_float32_under_autocast() -> None:
    values = pair(4)
    plain = with_gradients(sigmoid_loss(*values, pairs=all_valid(4)), values)
    with torch.autocast("cpu", torch.bfloat16):
        found = with_gradients(sigmoid_loss(*values, pairs=all_valid(4)), values)
    assert all(torch.equal(a, b) for a, b in zip(plain, found, strict=True))


def test_equal_texts__of_another_name_is_refused() -> None:
    with pytest.raises(ConfigError, match="equal_texts: expected one of negative, ignore"):
        all_valid(2, "nothing")


def test_text_keys__are_equal_for_equal_texts_alone() -> None:
    from argus.mtv.texts import text_keys

    rng = np.random.default_rng(0)
    ids = torch.from_numpy(rng.integers(0, 3, (4000, 7)))
    keys = text_keys(ids)
    assert len(keys.unique()) == len(ids.unique(dim=0)) > 1500
    assert torch.equal(text_keys(ids[5:9]), keys[5:9])


class Largest(TorchDispatchMode):
    """The largest tensor that an operation gives."""

    def __init__(self) -> None:
        super().__init__()
        self.numel = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        found = func(*args, **(kwargs or {}))
        for value in found if isinstance(found, (tuple, list)) else [found]:
            if isinstance(value, Tensor):
                self.numel = max(self.numel, value.numel())
        return found


@pytest.mark.parametrize("number", [1, 4, 64])
def test_sigmoid_loss__holds_no_more_with_more_processes(number: int) -> None:
    """No tensor is larger than this process's embeddings, and the loss is that of a gather."""
    values = embeddings(12, "cpu", width=16)
    expected = gathered_loss(*values, number).detach()
    with Largest() as largest:
        found = step("argus", values, number)
    assert largest.numel == 12 * 16
    torch.testing.assert_close(found, expected)
    with Largest() as largest:
        step("gather", values, number)
    assert largest.numel == number * 12 * 16
