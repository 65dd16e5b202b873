"""Where in a model a training step first meets a value that is not finite.

Forward, that is the first module to end with such an output. Backward, it is the first node of the
autograd graph with such a gradient, told by the module whose code made it. Module hooks do not
serve for that: they replace tensors by views, which modules that work in place refuse.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from argus.files.checksums import named_tensors


@dataclass
class OddModules:
    """What :func:`watching` has seen; a module is told by its name and class.

    Args:
        output: First module in forward order whose output is not finite; empty if all are.
        gradient: First one in backward order, and the operation; empty if all are finite.
    """

    output: str = ""
    gradient: str = ""
    # Calls of modules: number of the first node that it made, of the first after it, and the name.
    _calls: list[tuple[int, int, str]] = field(default_factory=list)
    _begun: list[int] = field(default_factory=list)

    def _maker(self, number: int) -> str:
        """The innermost module that made a node of the graph."""
        made = (call for call in self._calls if call[0] <= number < call[1])
        return max(made, default=(0, 0, "the model"))[2]


@contextmanager
def watching(model: nn.Module) -> Iterator[OddModules]:
    """Watch the steps of a model; waits for the device at every module and operation.

    Args:
        model: Its outputs, tensors in nested dicts and lists, are what is taken backward.
    """
    found = OddModules()
    hooks = []
    for name, module in model.named_modules():
        label = f"{name} ({type(module).__name__})" if name else "the model"
        hooks.append(module.register_forward_pre_hook(_begin(found)))
        hooks.append(module.register_forward_hook(_end(found, label), with_kwargs=True))
    hooks.append(model.register_forward_hook(_watch_backward(found)))
    try:
        yield found
    finally:
        for hook in hooks:
            hook.remove()


def _begin(found: OddModules) -> Any:
    def hook(module: nn.Module, inputs: Any) -> None:
        found._begun.append(torch._C._autograd._get_sequence_nr())

    return hook


def _end(found: OddModules, label: str) -> Any:
    def hook(module: nn.Module, inputs: Any, named_inputs: Any, output: Any) -> None:
        now = torch._C._autograd._get_sequence_nr()
        found._calls.append((found._begun.pop(), now, label))
        if not found.output and not _is_finite(output):
            given = "" if _is_finite([inputs, named_inputs]) else ", whose input is not either"
            found.output = label + given

    return hook


def _watch_backward(found: OddModules) -> Any:
    def hook(module: nn.Module, inputs: Any, output: Any) -> None:
        for node in _nodes(output):
            if not node.name().endswith("AccumulateGrad"):
                label = f"{found._maker(node._sequence_nr())}, in {node.name()}"
                node.register_hook(_look(found, label))

    return hook


def _look(found: OddModules, label: str) -> Any:
    def hook(to_inputs: Any, from_outputs: Any) -> None:
        if not found.gradient and not _is_finite([to_inputs, from_outputs]):
            found.gradient = label

    return hook


def _nodes(output: Any) -> Iterator[Any]:
    """The graph of autograd behind tensors."""
    waiting = [value.grad_fn for _, value in named_tensors(output)]
    seen = set()
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        yield node
        waiting += [below for below, _ in node.next_functions]


def _is_finite(values: Any) -> bool:
    return all(
        bool(torch.isfinite(value).all())
        for _, value in named_tensors(values)
        if value.is_floating_point()
    )


def odd_parameters(model: nn.Module) -> list[str]:
    """Names of the parameters whose gradient is not finite."""
    gradients: dict[str, Tensor | None] = {n: p.grad for n, p in model.named_parameters()}
    return [name for name, gradient in gradients.items() if not _is_finite(gradient)]
