"""A few numbers that a balancer learns by an Adam of its own, apart from the model's optimizer."""

import copy
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor


class LearnedVector:
    """One number per task, beginning at a constant.

    Args:
        num: How many.
        start: Where all of them begin.
        lr: Learning rate.
        weight_decay: Of Adam, an L2 penalty.
        device: Of the numbers.
    """

    def __init__(
        self, num: int, *, start: float, lr: float, weight_decay: float, device: torch.device
    ) -> None:
        self.value = torch.full((num,), start, device=device)
        self._adam = torch.optim.Adam([self.value], lr=lr, weight_decay=weight_decay)

    def step(self, gradient: Tensor) -> None:
        """Update by a gradient."""
        self.value.grad = gradient
        self._adam.step()
        self.value.grad = None

    def state_dict(self) -> dict[str, Any]:
        """Numbers and moments."""
        moments = {key: value.cpu().clone() for key, value in self._adam.state[self.value].items()}
        return dict(value=self.value.cpu().clone(), moments=moments)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore :meth:`state_dict`."""
        self.value.copy_(state["value"])
        packed = self._adam.state_dict()
        # Adam would go on with these very tensors.
        packed["state"] = {0: copy.deepcopy(dict(state["moments"]))} if state["moments"] else {}
        self._adam.load_state_dict(packed)
