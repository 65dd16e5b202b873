"""GradNorm: tasks pull with gradients of one size, and those that lag behind a little harder.

Source: Chen, Badrinarayanan, Lee and Rabinovich, "GradNorm: Gradient Normalization for Adaptive
Loss Balancing in Deep Multitask Networks", ICML 2018. As in LibMTL the weights are T * softmax(p),
and what losses began with is a mean over many steps. Changed: a task without labels in a step takes
no part in it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from argus.engine.balancing.balancer import Balancer, Factors
from argus.engine.balancing.gram import Gradients
from argus.engine.balancing.learned import LearnedVector
from argus.errors import ConfigError
from argus.registry import BALANCERS


@BALANCERS.register_module()
class GradNorm(Balancer):
    """Gradient Normalization.

    With G = weight * norm of a task's gradient and r = (loss / first loss) / mean, the weights
    learn to bring each G to ``mean(G) * r ** alpha``, which itself is held fixed.

    Args:
        alpha: How much harder a task pulls that lags behind; 0 makes all pull alike.
        lr: Learning rate of the weights' logits.
        first_steps: Steps over which the first loss is the mean; the weights are 1 meanwhile.
        parameters: Beginnings of names within the backbone: the shared parameters whose gradients
            are measured; all that are trained by default. The paper takes the last shared layer.
    """

    needs_gradients = True

    def __init__(
        self,
        *,
        alpha: float = 1.5,
        lr: float = 0.025,
        first_steps: int = 1000,
        parameters: Sequence[str] = (),
    ) -> None:
        if lr <= 0 or alpha < 0 or first_steps < 1:
            raise ConfigError(
                "balancing: GradNorm takes alpha >= 0, lr > 0 and first_steps >= 1, found "
                f"{alpha}, {lr} and {first_steps}."
            )
        self.alpha = alpha
        self.lr = lr
        self.first_steps = first_steps
        self.parameters = tuple(parameters)

    def start(self, tasks: Sequence[str], *, device: torch.device, seed: int) -> None:
        """Begin with weights of 1."""
        super().start(tasks, device=device, seed=seed)
        self._logits = LearnedVector(
            len(tasks), start=1.0, lr=self.lr, weight_decay=0.0, device=device
        )
        self._num_steps = 0
        self._sums = torch.zeros(len(tasks), device=device)
        self._counts = torch.zeros(len(tasks), device=device)
        self._losses = self._norms = torch.zeros(len(tasks), device=device)

    def parameters_seen(self, names: Sequence[str]) -> list[int]:
        """Those whose names begin as the config says."""
        indices = super().parameters_seen(names)
        for beginning in self.parameters:
            if not any(name.startswith(beginning) for name in names):
                raise ConfigError(
                    f"balancing.parameters: no trained parameter of the backbone begins with "
                    f"{beginning!r}; the last one is {names[-1]!r}."
                )
        return [i for i in indices if not self.parameters or names[i].startswith(self.parameters)]

    @torch.no_grad()
    def factors(self, losses: Tensor, gradients: Gradients) -> Factors:
        """The weights as they are."""
        self._losses = losses
        self._norms = torch.stack([torch.nn.utils.get_total_norm(own) for own in gradients])
        weights = self._weights()
        return Factors(weights, weights)

    def after_step(self, losses_again: Callable[[], Tensor]) -> None:
        """Note what losses begin with, and bring the norms nearer to what is meant after that."""
        self._num_steps += 1
        if self._num_steps <= self.first_steps:
            self._sums += self._losses
            self._counts += self._losses != 0
            return
        self._logits.step(self._gradient())

    @torch.no_grad()
    def _gradient(self) -> Tensor:
        """Of ``sum |G - target|`` by the logits."""
        first = self._sums / self._counts.clamp(min=1)
        takes_part = (self._losses != 0) & (first != 0)
        num = takes_part.sum().clamp(min=1)
        pull = self._weights() * self._norms
        ratio = torch.where(takes_part, self._losses / first, 0.0)
        rate = ratio / (ratio.sum() / num)
        mean = torch.where(takes_part, pull, 0.0).sum() / num
        by_weight = torch.sign(pull - mean * rate**self.alpha) * self._norms
        by_weight = torch.where(takes_part, by_weight, 0.0)
        shares = self._logits.value.softmax(0)
        return len(shares) * shares * (by_weight - (shares * by_weight).sum())

    def _weights(self) -> Tensor:
        return len(self.tasks) * self._logits.value.softmax(0)

    def state_dict(self) -> dict[str, Any]:
        """Logits, step, and what the losses began with."""
        return dict(
            logits=self._logits.state_dict(),
            num_steps=self._num_steps,
            sums=self._sums.cpu().clone(),
            counts=self._counts.cpu().clone(),
        )

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore :meth:`state_dict`."""
        self._logits.load_state_dict(state["logits"])
        self._num_steps = state["num_steps"]
        self._sums.copy_(state["sums"])
        self._counts.copy_(state["counts"])
