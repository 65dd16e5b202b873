"""What a balancer is: it sees the tasks' losses, or their gradients too, and says their factors."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from argus.building import build_one_of
from argus.engine.balancing.gram import Gradients
from argus.errors import ConfigError
from argus.registry import BALANCERS


@dataclass(frozen=True)
class Factors:
    """Factors of the tasks in one step.

    Args:
        shared: (T,) of the gradients on what the tasks share.
        own: (T,) of those on each task's decoder.
    """

    shared: Tensor
    own: Tensor


class Balancer(ABC):
    """Says in every step with which factors the tasks' gradients are added up.

    The losses it sees have their ``loss_weight`` already, and are means over the accumulated
    batches and all processes, so that every process computes the same factors. What it learns of a
    step it keeps to itself until :meth:`after_step`, which a step that was not taken never reaches.

    Attributes:
        needs_gradients: Whether :meth:`factors` is to see the gradients of what the tasks share.
        looks_again: Whether :meth:`after_step` may ask for the losses after the step.
        tasks: Names of the T tasks, in the order of all that is per task.
    """

    needs_gradients = False
    looks_again = False
    tasks: tuple[str, ...] = ()

    def start(self, tasks: Sequence[str], *, device: torch.device, seed: int) -> None:
        """Begin from nothing.

        Args:
            tasks: Their names.
            device: Of all that is per task.
            seed: Of what is drawn at random, the same in all processes.

        Raises:
            ConfigError: The options do not fit these tasks.
        """
        self.tasks = tuple(tasks)

    def parameters_seen(self, names: Sequence[str]) -> list[int]:
        """Which of the shared parameters :meth:`factors` sees the gradients of; all by default.

        Args:
            names: Of what is shared and trained, within the backbone.

        Raises:
            ConfigError: None of them is, or a name that was given is none.
        """
        if not names:
            raise ConfigError(
                f"balancing: {type(self).__name__} compares gradients on what the tasks share, and "
                "the backbone of this config is not trained. Remove 'balancing', or take a method "
                "that sees the losses alone, such as FAMO."
            )
        return list(range(len(names)))

    @abstractmethod
    def factors(self, losses: Tensor, gradients: Gradients) -> Factors:
        """The factors of a step.

        Args:
            losses: (T,) float32. One that is exactly 0 is of a batch without labels of the task.
            gradients: If asked for, per task those of what :meth:`parameters_seen` chose, averaged
                as the losses; else empty.
        """

    def after_step(self, losses_again: Callable[[], Tensor]) -> None:  # noqa: B027 - may be nothing
        """Learn from the step that was taken.

        Args:
            losses_again: Gives the losses (T,) of the same batches with the same noise after the
                step; costs a forward pass. All processes have to call it, or none.
        """

    def undo(self) -> None:  # noqa: B027 - likewise
        """Forget the last :meth:`factors`: its step was not taken."""

    @abstractmethod
    def state_dict(self) -> dict[str, Any]:
        """What a resumed training needs: tensors on the CPU and plain values."""

    @abstractmethod
    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on as if nothing had been between; follows :meth:`start`."""


def build_balancer(config: Any) -> Balancer | None:
    """The balancer of a config; ``None`` for fixed weights.

    Args:
        config: ``balancing`` of the config of a run.

    Raises:
        ConfigError: It is none.
    """
    if config is None:
        return None
    example = "dict(type=FAMO, ...)"
    base: Any = Balancer  # mypy wants a class that can be built
    balancer: Balancer = build_one_of(BALANCERS, base, config, where="balancing", example=example)
    return balancer


def saved_balancer(balancer: Balancer | None) -> dict[str, Any] | None:
    """A balancer as a checkpoint has it."""
    if balancer is None:
        return None
    return dict(
        type=type(balancer).__name__, tasks=list(balancer.tasks), state=balancer.state_dict()
    )


def resume_balancer(balancer: Balancer | None, saved: Mapping[str, Any] | None) -> list[str]:
    """Take up what :func:`saved_balancer` gave, if it is of this balancer and these tasks.

    Args:
        balancer: That of the config, started.
        saved: From the checkpoint.

    Returns:
        Sentences about what differs, to be logged.
    """
    before = saved["type"] if saved else "fixed weights"
    now = type(balancer).__name__ if balancer else "fixed weights"
    if before != now:
        anew = ", which begins anew" if balancer else ""
        return [f"balancing was {before} and is {now}{anew}"]
    if balancer is None or saved is None:
        return []
    if list(balancer.tasks) != list(saved["tasks"]):
        tasks = ", ".join(saved["tasks"])
        return [f"{now} balanced {tasks}, and begins anew with {', '.join(balancer.tasks)}"]
    balancer.load_state_dict(saved["state"])
    return []
