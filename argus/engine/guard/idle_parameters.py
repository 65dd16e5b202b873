"""Parameters that are trained in name alone: their gradient is exactly 0, look after look.

The usual causes are a layer that no loss uses, and one on a ReLU that is dead: 0 for every picture,
after which nothing before it learns again. Neither shows in the loss, which falls by what is left.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from argus.names.wording import counted

INTERVAL = 20
_IN_A_ROW = 5
_MAX_NAMED = 6


class IdleParameters:
    """Look at the gradients now and then, and warn of what has had none for long.

    Args:
        model: Its trained parameters are watched; those of a decoder begin with
            ``decoders.<task>.``.
    """

    def __init__(self, model: nn.Module) -> None:
        self._parameters = {n: p for n, p in model.named_parameters() if p.requires_grad}
        self._in_a_row = dict.fromkeys(self._parameters, 0)
        self._found: list[str] = []

    def look(self, step: int, losses: Mapping[str, float]) -> None:
        """Look at the gradients of every :data:`INTERVAL`-th step.

        Args:
            step: Counted from 1.
            losses: By task. The decoder of one that was not in the step, or whose loss is exactly 0
                since the batch had no labels of it, is not looked at.
        """
        if step % INTERVAL:
            return
        grads = {
            name: parameter.grad
            for name, parameter in self._parameters.items()
            if parameter.grad is not None and ((task := _task(name)) is None or losses.get(task))
        }
        for name, learns in zip(grads, _are_any(list(grads.values())), strict=True):
            self._in_a_row[name] = 0 if learns else self._in_a_row[name] + 1
            if self._in_a_row[name] == _IN_A_ROW:
                self._found.append(name)

    def tell(self, runner: Any) -> None:
        """Warn of what was found since the last call, one warning for each decoder."""
        found: dict[str | None, list[str]] = {}
        for name in self._found:
            found.setdefault(_task(name), []).append(name)
        self._found = []
        for task, names in found.items():
            named = ", ".join(names[:_MAX_NAMED])
            more = len(names) - _MAX_NAMED
            rest = f" and {more} more" if more > 0 else ""
            runner.logger.warning(
                f"{task or 'backbone'}: the gradient of {counted(len(names), 'parameter')} was "
                f"exactly 0 in each of {_IN_A_ROW} steps, {INTERVAL} apart, so nothing is learned "
                f"there: {named}{rest}. Either no loss uses them, or a layer beside them is dead, "
                "its output 0 for every picture: a lower rate (lr_mult of the task) or norms in "
                "its layers help."
            )


def _task(name: str) -> str | None:
    """Whose decoder a parameter is of; ``None`` for the backbone."""
    top, _, rest = name.partition(".")
    return rest.split(".")[0] if top == "decoders" else None


def _are_any(tensors: Sequence[Tensor]) -> list[bool]:
    """Whether each has a value other than 0; waits for the device once."""
    return torch.stack([tensor.any() for tensor in tensors]).tolist() if tensors else []
