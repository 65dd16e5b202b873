"""The balanced cross-entropies against loops over pixels, with ignored and missing classes."""

import math

import pytest
import torch

from argus.errors import ConfigError
from argus.models.losses import (
    BalancedBCELoss,
    BalancedCELoss,
    balanced_bce_loss,
    balanced_ce_loss,
)


def logits_and_labels(channels: int, ignored: float = 0.2) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    logits = 4 * torch.randn(2, channels, 6, 5, generator=generator, dtype=torch.float64)
    labels = (torch.rand(2, 6, 5, generator=generator) < 0.2).to(torch.uint8)
    labels[torch.rand(2, 6, 5, generator=generator) < ignored] = 255
    return logits, labels


def bce_by_hand(logits, labels, weight: float) -> float:
    values = []
    for x, y in zip(logits.flatten().tolist(), labels.flatten().tolist(), strict=True):
        if y != 255:
            p = 1 / (1 + math.exp(-x))
            values.append(-weight * math.log(p) if y else -(1 - weight) * math.log(1 - p))
    return sum(values) / len(values)


def ce_by_hand(logits, labels) -> float:
    pairs = logits.permute(0, 2, 3, 1).reshape(-1, 2).tolist()
    kept = [(pair, y) for pair, y in zip(pairs, labels.flatten().tolist(), strict=True) if y != 255]
    positives = sum(y for _, y in kept)
    total = 0.0
    for (background, foreground), y in kept:
        p = math.exp(foreground) / (math.exp(background) + math.exp(foreground))
        weight = (len(kept) - positives if y else positives) / len(kept)
        total -= weight * math.log(p if y else 1 - p)
    return total / len(kept)


@pytest.mark.parametrize("weight", [0.95, 0.3])
def test_balanced_bce__equals_brute_force(weight):
    logits, labels = logits_and_labels(1)
    found = balanced_bce_loss(logits[:, 0], labels, positive_weight=weight)
    assert float(found) == pytest.approx(bce_by_hand(logits[:, 0], labels, weight), rel=1e-6)


def test_balanced_bce__equals_the_form_with_a_positive_weight():
    # InvPT's form: pos_weight = w / (1 - w), and the result divided by 1 / (1 - w).
    logits, labels = logits_and_labels(1, ignored=0.0)
    expected = 0.05 * torch.nn.functional.binary_cross_entropy_with_logits(
        logits[:, 0], labels.double(), pos_weight=torch.tensor(0.95 / 0.05)
    )
    assert balanced_bce_loss(logits[:, 0], labels).item() == pytest.approx(
        expected.item(), rel=1e-6
    )


def test_balanced_ce__equals_brute_force():
    logits, labels = logits_and_labels(2)
    assert float(balanced_ce_loss(logits, labels)) == pytest.approx(
        ce_by_hand(logits, labels), rel=1e-6
    )


def test_balanced_ce__classes_count_the_same():
    # Uniform logits: each class contributes weight * count = #positive * #negative / #valid.
    _, labels = logits_and_labels(2)
    for kept in (0, 1):
        logits = torch.zeros(2, 2, 6, 5)
        logits[:, 1 - kept].masked_fill_(labels == 1 - kept, 50.0)  # the other class is free
        positives, negatives = int((labels == 1).sum()), int((labels == 0).sum())
        count = positives + negatives
        expected = math.log(2) * positives * negatives / count**2
        assert balanced_ce_loss(logits, labels).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("value", [0, 1])
def test_balanced_ce__of_a_single_class_is_zero(value):
    logits, labels = logits_and_labels(2)
    assert balanced_ce_loss(logits, torch.full_like(labels, value)).item() == 0.0


@pytest.mark.parametrize(("module", "channels"), [(BalancedBCELoss, 1), (BalancedCELoss, 2)])
def test_balanced__gradient_is_that_of_finite_differences(module, channels):
    logits, labels = logits_and_labels(channels)
    loss = module(loss_weight=2.0)
    logits = (logits if channels == 2 else logits[:, 0]).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: loss(x, labels), logits, atol=1e-6)


@pytest.mark.parametrize(("module", "channels"), [(BalancedBCELoss, 1), (BalancedCELoss, 2)])
def test_balanced__ignored_pixels_have_no_influence(module, channels):
    logits, labels = logits_and_labels(channels)
    logits = (logits if channels == 2 else logits[:, 0]).float()
    loss = module()
    one = loss(logits, labels)
    ignored = labels == 255
    changed = logits.clone()
    (changed.movedim(1, -1) if channels == 2 else changed)[ignored] = 80.0
    changed.requires_grad_()
    other = loss(changed, labels)
    assert other.item() == one.item()
    other.backward()
    gradient = changed.grad.movedim(1, -1) if channels == 2 else changed.grad
    assert (gradient[ignored] == 0).all()
    # And a batch that is ignored whole.
    empty = changed.detach().clone().requires_grad_()
    nothing = loss(empty, torch.full_like(labels, 255))
    nothing.backward()
    assert nothing.item() == 0.0
    assert (empty.grad == 0).all()


@pytest.mark.parametrize(("module", "channels"), [(BalancedBCELoss, 1), (BalancedCELoss, 2)])
def test_balanced__extreme_logits_stay_finite(module, channels):
    _, labels = logits_and_labels(channels)
    shape = (2, 2, 6, 5) if channels == 2 else (2, 6, 5)
    logits = torch.full(shape, 1e4)
    if channels == 2:
        logits[:, 0] = -1e4
    logits.requires_grad_()
    loss = module()(logits.bfloat16(), labels)
    loss.backward()
    assert loss.dtype == torch.float32
    assert loss.isfinite() and logits.grad.isfinite().all()


@pytest.mark.parametrize("weight", [0.0, 1.0, -3, 95])
def test_balanced_bce__weight_out_of_range_is_refused(weight):
    with pytest.raises(ConfigError, match="between 0 and 1"):
        BalancedBCELoss(positive_weight=weight)
