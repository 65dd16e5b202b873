"""Gradient matching against loops over pixels, its invariance and its edge cases."""

import math

import pytest
import torch

from argus.models.losses import GradientMatchingLoss, gradient_matching_loss
from tests.models.losses.test_silog import case


def brute_force(prediction, target, valid, steps: tuple[int, ...]) -> float:
    total = 0.0
    for step in steps:
        scale, count = 0.0, 0
        for image in range(prediction.shape[0]):
            p, t, m = (x[image, ::step, ::step].tolist() for x in (prediction, target, valid))
            height, width = len(p), len(p[0])

            def error(y: int, x: int, p=p, t=t) -> float:
                return math.log(p[y][x] + 1e-3) - math.log(t[y][x] + 1e-3)

            for y in range(height):
                for x in range(width):
                    count += m[y][x]
                    if x + 2 < width and m[y][x] and m[y][x + 2]:
                        scale += abs(error(y, x + 2) - error(y, x))
                    if y + 2 < height and m[y][x] and m[y + 2][x]:
                        scale += abs(error(y + 2, x) - error(y, x))
        total += scale / max(count, 1)
    return total


@pytest.mark.parametrize("shape", [(2, 20, 13), (1, 2, 9), (3, 1, 1)])
def test_gradient_matching__equals_brute_force(shape):
    prediction, target, valid = case(shape=shape)
    found = gradient_matching_loss(prediction, target, valid)
    expected = brute_force(prediction, target, valid, (1, 2, 4, 8))
    assert float(found) == pytest.approx(expected, rel=1e-12)


def test_gradient_matching__constant_offset_of_the_logarithm_costs_nothing():
    _, target, valid = case(shape=(2, 20, 20))
    found = gradient_matching_loss(3 * (target + 1e-3) - 1e-3, target, valid)
    assert float(found) == pytest.approx(0.0, abs=1e-12)


def test_gradient_matching__images_of_a_batch_are_not_compared():
    _, target, valid = case(shape=(4, 16, 16))
    factors = torch.tensor([0.5, 1.0, 2.0, 8.0], dtype=torch.float64)[:, None, None]
    found = gradient_matching_loss(factors * (target + 1e-3) - 1e-3, target, valid)
    assert float(found) == pytest.approx(0.0, abs=1e-12)


def test_gradient_matching__gradient_is_that_of_finite_differences():
    prediction, target, valid = case(shape=(1, 5, 4))
    prediction.requires_grad_()
    assert torch.autograd.gradcheck(lambda x: gradient_matching_loss(x, target, valid), prediction)


def test_gradient_matching__invalid_pixels_have_no_influence():
    prediction, target, valid = case(shape=(2, 12, 12))
    one = gradient_matching_loss(prediction, target, valid)
    prediction = prediction.where(valid, torch.nan).requires_grad_()
    other = gradient_matching_loss(prediction, target.where(valid, torch.nan), valid)
    assert other.item() == one.item()
    other.backward()
    assert (prediction.grad[~valid] == 0).all()
    assert prediction.grad.isfinite().all()


def test_gradient_matching__without_valid_pixels_is_zero():
    prediction, target, valid = case()
    prediction.requires_grad_()
    loss = GradientMatchingLoss(loss_weight=0.5)(prediction, target, torch.zeros_like(valid))
    loss.backward()
    assert loss.item() == 0.0
    assert (prediction.grad == 0).all()


def test_gradient_matching__module_scales_the_function():
    prediction, target, valid = case(shape=(2, 12, 12))
    module = GradientMatchingLoss(steps=(1, 3), loss_weight=0.5)
    expected = 0.5 * brute_force(prediction, target, valid, (1, 3))
    assert float(module(prediction, target, valid)) == pytest.approx(expected, rel=1e-12)
