"""The average follows its formula, holds trained parameters only, and leaves no trace."""

import logging
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from argus.engine.ema import EMAHook
from argus.errors import CheckpointError


def make_runner() -> SimpleNamespace:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 2))
    model[0].requires_grad_(False)
    return SimpleNamespace(model=model, iter=0, logger=logging.getLogger("ema"))


def walk(hook: EMAHook, runner: SimpleNamespace, num_steps: int) -> list[torch.Tensor]:
    """Random steps of the trained weight; its value at the start and after each."""
    weights = [runner.model[1].weight.detach().clone()]
    for _ in range(num_steps):
        with torch.no_grad():
            for parameter in runner.model[1].parameters():
                parameter.add_(torch.randn_like(parameter))
        hook.after_train_iter(runner)
        runner.iter += 1
        weights.append(runner.model[1].weight.detach().clone())
    return weights


def test_average__closed_form_without_ramp() -> None:
    hook, runner, decay, steps = EMAHook(decay=0.8, ramp=0), make_runner(), 0.8, 7
    hook.before_train(runner)
    weights = walk(hook, runner, steps)
    # d^n w_0 + (1 - d) sum_k d^(n - k) w_k
    expected = decay**steps * weights[0] + (1 - decay) * sum(
        decay ** (steps - k) * weights[k] for k in range(1, steps + 1)
    )
    torch.testing.assert_close(hook.average["1.weight"], expected)


def test_average__ramp_bounds_the_decay() -> None:
    hook, runner = EMAHook(decay=0.5, ramp=10), make_runner()
    hook.before_train(runner)
    weights = walk(hook, runner, 12)
    expected = weights[0]
    for step in range(12):
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * weights[step + 1]
    torch.testing.assert_close(hook.average["1.weight"], expected)


def test_average__holds_trained_parameters_only() -> None:
    hook, runner = EMAHook(), make_runner()
    hook.before_train(runner)
    assert set(hook.average) == {"1.weight", "1.bias"}


def test_swap__validation_sees_the_average_and_training_its_own_bits() -> None:
    hook, runner = EMAHook(decay=0.7), make_runner()
    hook.before_train(runner)
    trained = walk(hook, runner, 5)[-1]
    average = hook.average["1.weight"].clone()
    parameter = runner.model[1].weight
    hook.before_val_epoch(runner)
    assert torch.equal(parameter, average) and not torch.equal(parameter, trained)
    hook.after_val_epoch(runner)
    assert torch.equal(runner.model[1].weight, trained)
    assert runner.model[1].weight is parameter, "the optimizer holds this object"
    assert torch.equal(hook.average["1.weight"], average)


def test_swap__raw_weights_are_left_in_place() -> None:
    hook, runner = EMAHook(decay=0.7, evaluate="raw"), make_runner()
    hook.before_train(runner)
    trained = walk(hook, runner, 2)[-1]
    hook.before_val_epoch(runner)
    assert torch.equal(runner.model[1].weight, trained)
    hook.after_val_epoch(runner)
    assert torch.equal(runner.model[1].weight, trained)


def test_checkpoint__round_trip_is_bit_equal() -> None:
    hook, runner = EMAHook(decay=0.7), make_runner()
    hook.before_train(runner)
    walk(hook, runner, 3)
    checkpoint: dict = {}
    hook.before_save_checkpoint(runner, checkpoint)
    resumed = EMAHook(decay=0.7)
    resumed.after_load_checkpoint(runner, {**checkpoint, "resuming": True})
    resumed.before_train(runner)
    assert all(torch.equal(resumed.average[n], v) for n, v in hook.average.items())
    fresh = EMAHook(decay=0.7)
    fresh.after_load_checkpoint(runner, checkpoint)
    fresh.before_train(runner)
    assert torch.equal(fresh.average["1.weight"], runner.model[1].weight), "only a resume takes it"


def test_checkpoint__parameters_that_came_and_went(caplog: pytest.LogCaptureFixture) -> None:
    hook, runner = EMAHook(), make_runner()
    known = {"1.weight": torch.full((2, 3), 5.0), "2.weight": torch.zeros(1)}
    hook.after_load_checkpoint(runner, dict(resuming=True, ema=known))
    hook.before_train(runner)
    assert list(hook.average) == ["1.weight", "1.bias"]
    assert torch.equal(hook.average["1.weight"], known["1.weight"])
    assert torch.equal(hook.average["1.bias"], runner.model[1].bias)
    assert "no average of 1 tensor (1.bias first): it starts from their weights" in caplog.text


def test_checkpoint__average_of_another_shape_is_refused() -> None:
    hook, runner = EMAHook(), make_runner()
    wrong = {"1.weight": torch.zeros(2, 2), "1.bias": torch.zeros(2)}
    hook.after_load_checkpoint(runner, dict(resuming=True, ema=wrong))
    with pytest.raises(CheckpointError, match=r"1.weight is \(2, 2\) there and \(2, 3\)"):
        hook.before_train(runner)
