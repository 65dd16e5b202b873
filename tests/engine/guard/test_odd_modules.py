"""The first module with an output or a gradient that is not finite."""

import math

import pytest
import torch
from torch import Tensor, nn

from argus.engine.guard.odd_modules import OddModules, odd_parameters, watching


class Root(nn.Module):
    """The root of zero, whose gradient is infinite."""

    def forward(self, values: Tensor) -> Tensor:
        return (values - values.detach()).sqrt()


class Scale(nn.Module):
    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, values: Tensor) -> Tensor:
        return values * self.factor


class Model(nn.Module):
    """Gives losses as a model of many tasks does, and works in place where it can."""

    def __init__(self, middle: nn.Module, *, factor: float = 1.0) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Linear(3, 3), nn.ReLU(inplace=True))
        nn.init.constant_(self.first[0].weight, 1.0)
        nn.init.constant_(self.first[0].bias, 1.0)
        self.middle = nn.Sequential(nn.Identity(), middle)
        self.last = nn.Linear(3, 1)
        self.factor = factor

    def forward(self, values: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        values = self.middle(self.first(values)) * self.factor
        return {"task": self.last(values).mean()}, {}


def watch(model: nn.Module) -> OddModules:
    with watching(model) as found:
        losses, _ = model(torch.ones(2, 3))
        losses["task"].backward()
    assert not any(module._forward_hooks for module in model.modules()), "nothing is left behind"
    return found


def test_finite__is_named_nowhere() -> None:
    model = Model(Scale(2.0))
    found = watch(model)
    assert not found.output and not found.gradient
    assert odd_parameters(model) == []


def test_output__of_the_innermost_module() -> None:
    assert watch(Model(Scale(math.nan))).output == "middle.1 (Scale)"


def test_output__of_the_code_between_modules() -> None:
    found = watch(Model(Scale(2.0), factor=math.inf))
    assert found.output == "last (Linear), whose input is not either"


def test_gradient__of_an_operation_whose_output_is_finite() -> None:
    model = Model(Root())
    found = watch(model)
    assert not found.output
    assert found.gradient == "middle.1 (Root), in SqrtBackward0"
    assert odd_parameters(model) == ["first.0.weight", "first.0.bias"]


def test_gradient__of_the_code_between_modules() -> None:
    class Between(Model):
        def forward(self, values: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
            values = Root.forward(self, self.first(values))
            return {"task": self.last(values).mean()}, {}

    found = watch(Between(nn.Identity()))
    assert found.gradient == "the model, in SqrtBackward0"


@pytest.mark.parametrize("middle", [Root(), Scale(2.0)])
def test_watching__changes_no_gradient(middle: nn.Module) -> None:
    gradients = []
    for watches in (False, True):
        torch.manual_seed(0)
        model = Model(middle)
        if watches:
            watch(model)
        else:
            model(torch.ones(2, 3))[0]["task"].backward()
        gradients.append([parameter.grad for parameter in model.parameters()])
    for first, second in zip(*gradients, strict=True):
        assert torch.equal(first.nan_to_num(), second.nan_to_num())
