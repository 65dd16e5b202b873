"""The depth losses against NumPy, and what they must not notice."""

import numpy as np
import pytest
import torch
from torch import Tensor

from argus.errors import ConfigError
from argus.mtv.losses.disparity import disparity_losses

SHAPE = (3, 16, 12)


def maps(seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    rng = np.random.default_rng(seed)
    prediction, target = (torch.from_numpy(rng.gamma(2.0, 1.0, SHAPE)).float() for _ in range(2))
    valid = torch.from_numpy(rng.random(SHAPE) < 0.8)
    return prediction, target, valid


def by_numpy(prediction: np.ndarray, target: np.ndarray, valid: np.ndarray) -> tuple[float, float]:
    """Both losses of one image (H, W), pixel by pixel."""

    def normalise(values: np.ndarray) -> np.ndarray:
        inside = np.sort(values[valid])
        shift = inside[(len(inside) - 1) // 2]
        return (values - shift) / np.abs(inside - shift).mean()

    residual = normalise(prediction) - normalise(target)
    number = valid.sum()
    smallest = np.sort(np.abs(residual[valid]))[: number * 9 // 10]
    edges = 0.0
    for stride in (1, 2, 4, 8):
        x, m = residual[::stride, ::stride], valid[::stride, ::stride]
        total = 0.0
        for i in range(x.shape[0]):
            for j in range(x.shape[1]):
                if i + 1 < x.shape[0] and m[i, j] and m[i + 1, j]:
                    total += abs(x[i + 1, j] - x[i, j])
                if j + 1 < x.shape[1] and m[i, j] and m[i, j + 1]:
                    total += abs(x[i, j + 1] - x[i, j])
        edges += total / m.sum()
    return smallest.sum() / (2 * number), edges


def test_losses__are_those_of_numpy() -> None:
    prediction, target, valid = maps()
    found = torch.stack(disparity_losses(prediction, target, valid)[:2]).T
    for own, *image in zip(found, prediction, target, valid, strict=True):
        expected = by_numpy(*(value.double().numpy() for value in image[:2]), image[2].numpy())
        np.testing.assert_allclose(own.numpy(), expected, rtol=1e-5)


def test_losses__do_not_notice_scale_and_shift() -> None:
    prediction, target, valid = maps()
    error, edges, _ = disparity_losses(3.0 * target + 2.0, target, valid)
    assert error.max() < 1e-6 and edges.max() < 2e-5
    plain = disparity_losses(prediction, target, valid)
    changed = disparity_losses(0.2 * prediction - 4.0, 5.0 * target + 1.0, valid)
    for own, other in zip(changed, plain, strict=True):
        torch.testing.assert_close(own, other, rtol=1e-4, atol=1e-5)


def test_trimmed_error__does_not_notice_fewer_than_a_tenth() -> None:
    """The 18 largest of 192 pixels change places, so that median and deviation stay."""
    _, target, _ = maps()
    valid = torch.ones(SHAPE, dtype=torch.bool)
    prediction = target.flatten(1)
    largest = prediction.argsort(dim=1)[:, -18:]
    turned = prediction.gather(1, largest).flip(1)
    prediction = prediction.scatter(1, largest, turned).reshape(SHAPE)
    error, edges, _ = disparity_losses(prediction, target, valid)
    assert error.max() < 1e-6 and edges.min() > 0.01
    untrimmed = disparity_losses(prediction, target, valid, keep=1.0).error
    assert untrimmed.min() > 1e-3


def test_losses__do_not_notice_pixels_that_are_not_valid() -> None:
    prediction, target, valid = maps()
    prediction.requires_grad_()
    plain = disparity_losses(prediction, target, valid)
    odd = disparity_losses(prediction, target.masked_fill(~valid, torch.nan), valid)
    for own, other in zip(odd, plain, strict=True):
        assert torch.equal(own, other)
    (slopes,) = torch.autograd.grad(odd[0].sum() + odd[1].sum(), prediction)
    assert slopes.isfinite().all() and slopes[~valid].abs().sum() == 0
    assert slopes[valid].abs().sum() > 0


def test_losses__of_images_without_depth_are_zero() -> None:
    prediction, target, valid = maps()
    valid[0] = False
    target[1] = 4.0
    prediction = torch.where(torch.arange(3)[:, None, None] == 2, prediction, prediction * 0 + 1)
    prediction.requires_grad_()
    error, edges, there = disparity_losses(prediction, target, valid)
    assert there.tolist() == [False, False, True]
    assert error[:2].abs().sum() + edges[:2].abs().sum() == 0 < error[2]
    (slopes,) = torch.autograd.grad((error + edges).sum(), prediction)
    assert slopes.isfinite().all() and slopes[:2].abs().sum() == 0


def test_raw_space__is_the_normalised_one_in_units_of_the_target() -> None:
    prediction, target, valid = maps()
    valid[:] = True
    plain, raw = (
        disparity_losses(prediction, target, valid, gradient_space=space)[1]
        for space in ("normalised", "raw_scaled")
    )
    median = target.flatten(1).median(dim=1).values[:, None, None]
    torch.testing.assert_close(raw, plain * (target - median).abs().mean((1, 2)))
    with pytest.raises(ConfigError, match="gradient_space: expected one of normalised"):
        disparity_losses(prediction, target, valid, gradient_space="other")


def test_losses__are_float32_under_autocast() -> None:
    plain = disparity_losses(*maps())
    with torch.autocast("cpu", torch.bfloat16):
        found = disparity_losses(*maps())
    assert all(torch.equal(a, b) for a, b in zip(plain, found, strict=True))
