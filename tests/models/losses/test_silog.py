"""SILog against NumPy, its invariances, its edge cases and its warm-up."""

import numpy as np
import pytest
import torch

from argus.models.losses import SILogLoss, silog_loss


def case(seed: int = 0, shape: tuple = (2, 5, 7)) -> tuple[torch.Tensor, ...]:
    """Prediction, target and a mask of about half of the pixels."""
    generator = torch.Generator().manual_seed(seed)
    prediction = 0.001 + 10 * torch.rand(shape, generator=generator, dtype=torch.float64)
    target = 0.001 + 10 * torch.rand(shape, generator=generator, dtype=torch.float64)
    return prediction, target, torch.rand(shape, generator=generator) < 0.5


def brute_force(prediction, target, valid, mean_weight: float, variance_weight: float) -> float:
    errors = [
        np.log(p + 1e-3) - np.log(t + 1e-3)
        for p, t, v in zip(
            prediction.flatten().tolist(),
            target.flatten().tolist(),
            valid.flatten().tolist(),
            strict=True,
        )
        if v
    ]
    variance = np.var(errors, ddof=1)
    return float(np.sqrt(variance_weight * variance + mean_weight * np.mean(errors) ** 2))


@pytest.mark.parametrize("mean_weight", [0.15, 1.0])
@pytest.mark.parametrize("variance_weight", [0.0, 1.0])
def test_silog__equals_brute_force(mean_weight, variance_weight):
    prediction, target, valid = case()
    found = silog_loss(
        prediction, target, valid, mean_weight=mean_weight, variance_weight=variance_weight
    )
    expected = brute_force(prediction, target, valid, mean_weight, variance_weight)
    assert float(found) == pytest.approx(expected, rel=1e-12)


def test_silog__without_mean_is_scale_invariant():
    prediction, target, valid = case()
    one = silog_loss(prediction, target, valid, mean_weight=0.0, eps=0.0)
    seven = silog_loss(7 * prediction, target, valid, mean_weight=0.0, eps=0.0)
    assert float(seven) == pytest.approx(float(one), rel=1e-12)


def test_silog__of_a_common_factor_is_the_mean_alone():
    _, target, valid = case()
    found = silog_loss(2.0 * target, target, valid, eps=0.0)
    assert float(found) == pytest.approx(np.sqrt(0.15) * np.log(2), rel=1e-9)


def test_silog__gradient_is_that_of_finite_differences():
    prediction, target, valid = case(shape=(1, 3, 4))
    prediction.requires_grad_()
    assert torch.autograd.gradcheck(lambda x: silog_loss(x, target, valid), prediction)


def test_silog__invalid_pixels_have_no_influence():
    prediction, target, valid = case()
    one = silog_loss(prediction, target, valid)
    prediction = prediction.where(valid, torch.nan).requires_grad_()
    other = silog_loss(prediction, target.where(valid, torch.nan), valid)
    assert other.item() == one.item()
    other.backward()
    assert (prediction.grad[~valid] == 0).all()
    assert prediction.grad.isfinite().all()


@pytest.mark.parametrize("kind", ["empty", "perfect", "one pixel"])
def test_silog__degenerate_batches_have_finite_gradients(kind):
    prediction, target, valid = (x.float() if x.is_floating_point() else x for x in case())
    if kind == "empty":
        valid = torch.zeros_like(valid)
    if kind == "perfect":
        prediction = target.clone()
    if kind == "one pixel":
        valid = torch.zeros_like(valid)
        valid[0, 0, 0] = True
    prediction.requires_grad_()
    loss = silog_loss(prediction, target, valid)
    loss.backward()
    assert prediction.grad.isfinite().all()
    if kind == "one pixel":
        error = np.log(prediction[0, 0, 0].item() + 1e-3) - np.log(target[0, 0, 0].item() + 1e-3)
        assert loss.item() == pytest.approx(np.sqrt(0.15) * abs(error), rel=1e-5)
    else:
        assert loss.item() == 0.0


def test_silog__bfloat16_is_computed_in_float32():
    prediction, target, valid = case(shape=(2, 40, 40))
    prediction = prediction.bfloat16()
    found = silog_loss(prediction, target.float(), valid)
    assert found.dtype == torch.float32
    exact = silog_loss(prediction.double(), target, valid)
    assert float(found) == pytest.approx(float(exact), rel=1e-5)


def test_silog_loss__warms_up_on_the_mean_and_counts_training_only():
    prediction, target, valid = case()
    module = SILogLoss(warmup_steps=3, loss_weight=2.0)
    warm = 2.0 * silog_loss(prediction, target, valid, variance_weight=0.0)
    full = 2.0 * silog_loss(prediction, target, valid)
    assert module.eval()(prediction, target, valid) == full
    module.train()
    found = [module(prediction, target, valid).item() for _ in range(5)]
    assert found == [warm.item()] * 3 + [full.item()] * 2
    assert module.steps.item() == 3


def test_silog_loss__resumed_from_its_state_goes_on_where_it_was():
    prediction, target, valid = case()
    first = SILogLoss(warmup_steps=3).train()
    straight = [first(prediction, target, valid).item() for _ in range(2)]
    second = SILogLoss(warmup_steps=3).train()
    second.load_state_dict(first.state_dict())
    resumed = straight + [second(prediction, target, valid).item() for _ in range(3)]
    straight += [first(prediction, target, valid).item() for _ in range(3)]
    assert resumed == straight
    assert len(set(straight)) == 2


def test_silog_loss__counter_is_updated_in_place():
    # The training loop keeps references to the buffers that it averages over the processes.
    module = SILogLoss(warmup_steps=3).train()
    reference = module.steps
    module(*case())
    assert reference.item() == 1.0
    assert reference.is_floating_point()
