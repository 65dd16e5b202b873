"""The losses of surface normals against NumPy, at known angles and without labels."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from argus.models.losses import (
    NormalsCosineLoss,
    NormalsL1Loss,
    normals_cosine_loss,
    normals_l1_loss,
)

both = pytest.mark.parametrize("function", [normals_l1_loss, normals_cosine_loss])


def vectors(seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return F.normalize(torch.randn(2, 3, 6, 5, generator=generator, dtype=torch.float64), dim=1)


def with_unknown(normals: torch.Tensor) -> torch.Tensor:
    unknown = torch.rand(2, 1, 6, 5, generator=torch.Generator().manual_seed(9)) < 0.3
    return normals.masked_fill(unknown, 0.0)


def by_hand(prediction, target, kind: str) -> float:
    prediction, target = (
        x.permute(0, 2, 3, 1).reshape(-1, 3).numpy() for x in (prediction, target)
    )
    values = []
    for p, t in zip(prediction, target, strict=True):
        if np.linalg.norm(t) > 0:
            values.append(np.abs(p - t).sum() if kind == "l1" else 1 - p @ t)
    return float(np.mean(values))


def test_normals__equal_brute_force():
    prediction, target = vectors(0), with_unknown(vectors(1))
    l1, cosine = NormalsL1Loss(loss_weight=3.0), NormalsCosineLoss(loss_weight=0.5)
    expected = by_hand(prediction, target, "l1"), by_hand(prediction, target, "cosine")
    assert float(l1(prediction, target)) == pytest.approx(3.0 * expected[0], rel=1e-12)
    assert float(cosine(prediction, target)) == pytest.approx(0.5 * expected[1], rel=1e-12)


@both
def test_normals__of_equal_vectors_is_zero(function):
    assert float(function(vectors(0), vectors(0))) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("degrees", [0, 60, 90, 180])
def test_normals_cosine__is_one_minus_the_cosine_of_the_angle(degrees):
    angle = np.deg2rad(degrees)
    target = torch.tensor([0.0, 0.0, 1.0]).view(1, 3, 1, 1)
    prediction = torch.tensor([np.sin(angle), 0.0, np.cos(angle)]).view(1, 3, 1, 1)
    found = normals_cosine_loss(prediction, target)
    assert float(found) == pytest.approx(1 - np.cos(angle), abs=1e-6)


@both
def test_normals__gradient_is_that_of_finite_differences(function):
    prediction, target = vectors(0).requires_grad_(), with_unknown(vectors(1))
    assert torch.autograd.gradcheck(lambda x: function(x, target), prediction)


@both
def test_normals__without_labels_is_zero(function):
    prediction = vectors(0).requires_grad_()
    loss = function(prediction, torch.zeros_like(prediction))
    loss.backward()
    assert loss.item() == 0.0
    assert (prediction.grad == 0).all()


@both
def test_normals__bfloat16_is_computed_in_float32(function):
    prediction, target = vectors(0).bfloat16(), with_unknown(vectors(1)).float()
    found = function(prediction, target)
    assert found.dtype == torch.float32
    assert float(found) == pytest.approx(float(function(prediction.double(), target)), rel=1e-5)
