"""A balanced step is the sum of the gradients with the balancer's factors, in any schedule."""

from typing import Any

import pytest
import torch
from torch import Tensor

from argus.engine.balancing import Balancer, Factors
from argus.engine.balancing.balanced_schedule import BalancedSchedule
from argus.engine.gradient_schedule import SCHEDULES, GradientSchedule
from argus.engine.optim import MultitaskOptimWrapper
from argus.models.multitask import MultitaskModel
from tests.engine.test_gradient_schedule import batch, gradients, max_relative_difference, toy_model
from tests.toy import ToyBoth, ToyClassification, ToySegmentation

TASKS = ("semantic", "classification")
SHARED, OWN = torch.tensor([3.0, 0.25]), torch.tensor([0.5, 2.0])


class Known(Balancer):
    """Factors that are known; notes what it saw."""

    def __init__(self, *, needs_gradients: bool, own: Tensor) -> None:
        self.needs_gradients = needs_gradients
        self.own = own
        self.seen: list[Any] = []
        self.again: list[Tensor] = []

    def parameters_seen(self, names: Any) -> list[int]:
        return super().parameters_seen(names)[1:]

    def factors(self, losses: Tensor, gradients: Any) -> Factors:
        self.seen.append((losses, gradients))
        return Factors(SHARED, self.own)

    def after_step(self, losses_again: Any) -> None:
        self.again.append(losses_again())

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: Any) -> None:
        assert not state


def micro_batches(accumulate: int, *, together: bool = False) -> list[dict]:
    found = []
    for first in range(accumulate):
        indices = [2 * first + 1, 2 * first + 2]
        own = dict(semantic=ToySegmentation(), classification=ToyClassification())
        data = dict(both=ToyBoth()) if together else own
        found.append({name: batch(dataset, indices) for name, dataset in data.items()})
    return found


def wrapper_of(model: MultitaskModel) -> MultitaskOptimWrapper:
    trained = [p for p in model.parameters() if p.requires_grad]
    return MultitaskOptimWrapper(torch.optim.SGD(trained, lr=1.0), precision="fp32")


def gradients_of_task(model: MultitaskModel, batches: list[dict], task: str) -> dict[str, Tensor]:
    """By the plain schedule, with the other task weighed by nothing."""
    weights = model.loss_weights
    model.loss_weights = {name: weights[name] * (name == task) for name in TASKS}
    found = gradients(model, batches, "joint")
    model.loss_weights = weights
    return found


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("accumulate", [1, 2])
@pytest.mark.parametrize("kind", SCHEDULES)
@pytest.mark.parametrize("needs_gradients", [False, True])
def test_balanced_step__is_the_weighted_sum(
    kind: str, accumulate: int, needs_gradients: bool, together: bool
) -> None:
    model = toy_model(dict(both=list(TASKS)) if together else None)
    batches = micro_batches(accumulate, together=together)
    alone = {task: gradients_of_task(model, batches, task) for task in TASKS}
    # A method that sees losses alone weighs all of a task alike.
    balancer = Known(needs_gradients=needs_gradients, own=OWN if needs_gradients else SHARED)
    balancer.tasks = TASKS
    model.zero_grad()
    result = BalancedSchedule(kind, balancer, model).backward(
        model, batches, wrapper_of(model), seeds=[{}] * accumulate
    )
    found = {n: p.grad for n, p in model.named_parameters() if p.requires_grad}
    expected = {}
    for name in found:
        own = [factor for factor, task in zip(balancer.own, TASKS, strict=True) if task in name]
        parts = zip(SHARED, alone.values(), strict=True)
        expected[name] = (
            sum(factor * of_task[name] for factor, of_task in parts)
            if name.startswith("backbone.")
            else own[0] * sum(of_task[name] for of_task in alone.values())
        )
    assert max_relative_difference(found, expected) < 1e-4
    plain = GradientSchedule(kind).backward(
        model, batches, wrapper_of(model), seeds=[{}] * accumulate
    )
    ((losses, seen),) = balancer.seen
    # What is logged is the losses before balancing, in the tasks' order.
    assert list(result.losses) == list(plain.losses)
    torch.testing.assert_close(losses, torch.stack(list(plain.losses.values())))
    torch.testing.assert_close(result.losses, plain.losses)
    if needs_gradients:
        names = [n for n, p in model.backbone.named_parameters() if p.requires_grad][1:]
        for task, own in zip(TASKS, seen, strict=True):
            for name, gradient in zip(names, own, strict=True):
                # As they were seen: the schedule goes on with them in place.
                assert gradient.shape == alone[task][f"backbone.{name}"].shape


@pytest.mark.parametrize("needs_gradients", [False, True])
def test_balanced_step__in_bfloat16_is_close(needs_gradients: bool) -> None:
    found = {}
    for precision in ("fp32", "bf16"):
        model = toy_model()
        balancer = Known(needs_gradients=needs_gradients, own=SHARED)
        balancer.tasks = TASKS
        wrapper = wrapper_of(model)
        wrapper.precision = precision
        schedule = BalancedSchedule("sequential", balancer, model)
        schedule.backward(model, micro_batches(1), wrapper, seeds=[{}])
        assert balancer.seen[0][0].dtype is torch.float32
        gradients_now = [p.grad.flatten() for p in model.parameters() if p.requires_grad]
        found[precision] = torch.cat(gradients_now)
    difference = (found["bf16"] - found["fp32"]).norm() / found["fp32"].norm()
    assert 0 < difference < 0.05


def test_balanced_step__losses_again_have_the_same_noise_and_leave_no_trace() -> None:
    model = toy_model()
    model.backbone.norm = torch.nn.BatchNorm2d(3)
    forward = model.backbone.forward
    model.backbone.forward = lambda x: forward(model.backbone.norm(x) + 0.1 * torch.randn(x.shape))
    batches, seeds = micro_batches(1), [{name: 7 for name in TASKS}]
    # Pictures that are padded, and with them their labels, in place.
    batches[0]["semantic"] = batch(ToySegmentation(size=28), [1, 2])
    balancer = Known(needs_gradients=False, own=SHARED)
    balancer.tasks = TASKS
    balancer.looks_again = True
    schedule = BalancedSchedule("joint", balancer, model.train())
    wrapper = wrapper_of(model)
    schedule.backward(model, batches, wrapper, seeds=seeds)
    mean = model.backbone.norm.running_mean.clone()
    schedule.after_step(model, batches, wrapper, seeds=seeds)
    assert torch.equal(balancer.again[0], balancer.seen[0][0])
    assert torch.equal(model.backbone.norm.running_mean, mean)
    assert balancer.again[0].grad_fn is None
