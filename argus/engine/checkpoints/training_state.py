"""What a resumed training needs beside the weights, by the names of parameters and tasks.

Positions change when a task is added, removed or moved, or gets a learning rate of its own; names
do not. Each parameter takes back its own state (moments, step count). Every option, the learning
rate first, is that of the config: schedulers are a function of it and of the number of steps, so
they are followed from their start to where the training stands, which gives the very same values.
"""

import copy
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from argus.errors import CheckpointError
from argus.names.wording import counted

# Options that change by which kernels a step is computed, and nothing that a user would see.
_KERNELS = ("foreach", "fused", "capturable", "differentiable")
# Options that change how a step is computed, or how large it is, but not which state it needs.
_FREE = ("lr", "weight_decay", *_KERNELS, "maximize")


@dataclass(frozen=True)
class Plan:
    """What the config asks for, noted before a scheduler or a step changes it.

    Args:
        optimizer: Name of the optimizer's class.
        options: Options by the name of each trained parameter, in the optimizer's order.
        schedulers: Their configs as text.
    """

    optimizer: str
    options: dict[str, dict[str, Any]]
    schedulers: list[str]

    @classmethod
    def of(cls, optimizer: Optimizer, model: nn.Module, schedulers: Any) -> "Plan":
        """The plan of an optimizer that no scheduler has touched yet."""
        names = {id(parameter): name for name, parameter in model.named_parameters()}
        configs = schedulers if isinstance(schedulers, (list, tuple)) else [schedulers]
        return cls(
            optimizer=type(optimizer).__name__,
            options={
                names[id(parameter)]: copy.deepcopy({k: v for k, v in g.items() if k != "params"})
                for g in optimizer.param_groups
                for parameter in g["params"]
            },
            schedulers=[repr(config) for config in configs if config is not None],
        )


def training_state(
    plan: Plan, optimizer: Optimizer, model: nn.Module, schedulers: Sequence[Any], *, step: int
) -> dict[str, Any]:
    """State of the optimizer and the schedulers, for the checkpoint of a step."""
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    return {
        "plan": asdict(plan),
        "optimizer": {
            names[id(parameter)]: {
                key: value.cpu() if isinstance(value, Tensor) else value
                for key, value in state.items()
            }
            for parameter, state in optimizer.state.items()
        },
        # Steps that they have seen; all see the same ones.
        "schedule_step": schedulers[0]._global_step if schedulers else step,
    }


def load_training_state(
    state: Mapping[str, Any],
    plan: Plan,
    optimizer: Optimizer,
    schedulers: Sequence[Any],
    *,
    path: str,
) -> list[str]:
    """Put back what :func:`training_state` gave, as far as the config asks for the same.

    Args:
        state: From the checkpoint.
        plan: What the config asks for now.
        optimizer: Freshly built, as are the schedulers.
        schedulers: In the order of the config.
        path: Of the checkpoint, for messages.

    Returns:
        Sentences about what differs, to be logged.

    Raises:
        CheckpointError: If the checkpoint says nothing by name.
    """
    if "plan" not in state:
        raise CheckpointError(
            f"{path} was written by an Argus that kept the optimizer's state by position, so it "
            "cannot be resumed. Start from its weights with load_from instead of --resume."
        )
    saved = Plan(**state["plan"])
    packed = optimizer.state_dict()
    shapes = [parameter.shape for group in optimizer.param_groups for parameter in group["params"]]
    fresh = []
    for index, (name, options) in enumerate(plan.options.items()):
        found = state["optimizer"].get(name)
        if (
            found is not None
            and saved.optimizer == plan.optimizer
            and _keeps_state(saved.options[name], options)
            and _has_shape(found, shapes[index])
        ):
            packed["state"][index] = found
        else:
            fresh.append(name)
    optimizer.load_state_dict(packed)
    _follow(schedulers, state["schedule_step"])
    return _differences(saved, plan, fresh)


def _keeps_state(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether state of an optimizer with options ``before`` serves one with ``now``.

    Momentum or amsgrad switched on or off changes which tensors there are; another value does not.
    """
    keys = {*before, *now} - set(_FREE)
    return all(bool(before.get(key)) == bool(now.get(key)) for key in keys)


def _has_shape(state: Mapping[str, Any], shape: Sequence[int]) -> bool:
    tensors = [value for value in state.values() if isinstance(value, Tensor)]
    return all(tensor.ndim == 0 or tensor.shape == shape for tensor in tensors)


def _follow(schedulers: Sequence[Any], num_steps: int) -> None:
    """Take fresh schedulers to a step; their factors build on one another, so all go together."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Detected call of `scheduler.step")
        for _ in range(num_steps):
            for scheduler in schedulers:
                scheduler.step()


def _differences(saved: Plan, plan: Plan, fresh: Sequence[str]) -> list[str]:
    notes = []
    gone = [name for name in saved.options if name not in plan.options]
    new = [name for name in plan.options if name not in saved.options]
    if gone:
        notes.append(f"no longer trained: {_parts(gone)}")
    if new:
        notes.append(f"newly trained: {_parts(new)}")
    known = [name for name in plan.options if name in saved.options]
    if saved.optimizer != plan.optimizer:
        notes.append(f"the optimizer was {saved.optimizer} and is {plan.optimizer}")
    else:
        notes += _changed_options(saved, plan, known)
    if anew := [name for name in known if name in set(fresh)]:
        notes.append(f"the state of the optimizer starts anew for {_parts(anew)}")
    if saved.schedulers != plan.schedulers:
        notes.append(
            "param_scheduler is another: the learning rate is now what it gives for this step"
        )
    return notes


def _changed_options(saved: Plan, plan: Plan, names: Sequence[str]) -> list[str]:
    changed: dict[str, list[str]] = {}
    for name in names:
        before, now = saved.options[name], plan.options[name]
        for key in [key for key in {**before, **now} if key not in _KERNELS]:
            if before.get(key) != now.get(key):
                text = f"{key} was {before.get(key)} and is {now.get(key)}"
                changed.setdefault(text, []).append(name)
    return [f"{text} for {_parts(members)}" for text, members in changed.items()]


def _parts(names: Sequence[str]) -> str:
    """Parameters as ``backbone (12 tensors), decoders.depth (4 tensors)``."""
    counts: dict[str, int] = {}
    for name in names:
        part = ".".join(name.split(".")[: 2 if name.startswith("decoders.") else 1])
        counts[part] = counts.get(part, 0) + 1
    return ", ".join(f"{part} ({counted(count, 'tensor')})" for part, count in counts.items())
