"""FAMO: all losses fall at the same rate, without any gradient per task.

Source: Liu, Feng, Stone and Liu, "FAMO: Fast Adaptive Multitask Optimization", NeurIPS 2023,
algorithm 1, with the constants of the authors' repository (Cranial-XIX/FAMO). Changed: a task
without labels in a step takes no part in it.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from argus.engine.balancing.balancer import Balancer, Factors
from argus.engine.balancing.gram import Gradients
from argus.engine.balancing.learned import LearnedVector
from argus.errors import ConfigError
from argus.registry import BALANCERS

_EPSILON = 1e-8


@BALANCERS.register_module()
class FAMO(Balancer):
    """Fast Adaptive Multitask Optimization.

    With logits w, z = softmax(w) and D = loss - least, the factor of a task is (z / D) / sum(z /
    D): that of ``sum z log D``, with factors that add up to 1. After the step the losses of the
    same batches are measured again, and Adam follows the gradient of w by ``log D before - log D
    after``, so that a task whose loss fell less gets more.

    Args:
        lr: Learning rate of the logits.
        weight_decay: Of the logits: the repository's class has 1e-2, LibMTL 1e-3.
        least: Value that no loss falls to, by task; 0 where absent. Losses have to stay above it.
        interval: Steps between updates of the logits, each of which costs a forward pass; 1 is the
            paper's.
    """

    looks_again = True

    def __init__(
        self,
        *,
        lr: float = 0.025,
        weight_decay: float = 1e-2,
        least: Mapping[str, float] | None = None,
        interval: int = 1,
    ) -> None:
        if lr <= 0 or weight_decay < 0 or interval < 1:
            raise ConfigError(
                "balancing: FAMO takes lr > 0, weight_decay >= 0 and interval >= 1, found "
                f"{lr}, {weight_decay} and {interval}."
            )
        self.lr = lr
        self.weight_decay = weight_decay
        self.least = dict(least or {})
        self.interval = interval

    def start(self, tasks: Any, *, device: torch.device, seed: int) -> None:
        """Begin with equal logits."""
        super().start(tasks, device=device, seed=seed)
        for name, value in self.least.items():
            if name not in self.tasks or not math.isfinite(value):
                raise ConfigError(
                    f"balancing.least: expected a number by any of the tasks "
                    f"{', '.join(self.tasks)}, found {name!r}: {value!r}."
                )
        least = [float(self.least.get(name, 0.0)) for name in self.tasks]
        self._least = torch.tensor(least, dtype=torch.float32, device=device)
        self._logits = LearnedVector(
            len(self.tasks), start=0.0, lr=self.lr, weight_decay=self.weight_decay, device=device
        )
        self._num_steps = 0
        self._losses = torch.zeros(len(self.tasks), device=device)

    @torch.no_grad()
    def factors(self, losses: Tensor, gradients: Gradients) -> Factors:
        """(z / D) / sum(z / D)."""
        self._losses = losses
        above, is_absent = self._above(losses), losses == 0
        # A loss that has no logarithm keeps the step from being taken, as infinite ones do.
        shares = torch.where(
            (above > 0) & above.isfinite(), self._logits.value.softmax(0) / above, torch.nan
        )
        shares = torch.where(is_absent, 0.0, shares)
        total = shares.sum()
        factors = shares / torch.where(total == 0, 1.0, total)
        return Factors(factors, factors)

    @torch.no_grad()
    def after_step(self, losses_again: Callable[[], Tensor]) -> None:
        """Give more to the tasks whose losses fell less."""
        self._num_steps += 1
        if self._num_steps % self.interval:
            return
        before, after = self._losses, losses_again()
        change = self._above(before).log() - self._above(after).log()
        # Nothing is learned of a task without labels, or from losses that the step made infinite.
        change = torch.where((before == 0) | ~change.isfinite(), 0.0, change)
        z = self._logits.value.softmax(0)
        self._logits.step(z * (change - (z * change).sum()))  # the softmax's Jacobian by the change

    def state_dict(self) -> dict[str, Any]:
        """Logits and step."""
        return dict(logits=self._logits.state_dict(), num_steps=self._num_steps)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore :meth:`state_dict`."""
        self._logits.load_state_dict(state["logits"])
        self._num_steps = state["num_steps"]

    def _above(self, losses: Tensor) -> Tensor:
        return losses - self._least + _EPSILON
