"""What of a model goes into a checkpoint, and the strict way back.

A checkpoint holds what was trained, and the name and hash of the frozen base it stands on.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from argus.errors import CheckpointError
from argus.models.task_model import TaskModel
from argus.storage.checkpoint import tensor_hash
from argus.storage.tensor_problems import tensor_problems


def base_of(model: TaskModel) -> dict[str, Any]:
    """Name, hash and number of tensors of the frozen weights of a model."""
    name, tensors = model.frozen_base()
    digest = tensor_hash(tensors) if tensors else ""
    return {"name": name if tensors else "", "sha256": digest, "num_tensors": len(tensors)}


def trained_state(model: TaskModel) -> dict[str, Tensor]:
    """State dict of a model without its frozen base, on the CPU."""
    _, frozen = model.frozen_base()
    return {n: v.detach().cpu() for n, v in model.state_dict().items() if n not in frozen}


def load_trained_state(
    model: TaskModel,
    checkpoint: Mapping[str, Any],
    *,
    path: str | Path,
    weights: str = "raw",
    allow_new_tasks: bool = False,
) -> list[str]:
    """Load a checkpoint into a model, strictly.

    Args:
        model: Model with its frozen base in place.
        checkpoint: From :func:`read_checkpoint`.
        path: For messages.
        weights: ``ema`` takes the averaged values where there are any, ``raw`` the trained ones.
        allow_new_tasks: Tasks of the model without any weights in the file keep what they have.

    Returns:
        Sentences about what was left out, to be logged.

    Raises:
        CheckpointError: On another base, or missing, left-over or misshapen tensors.
    """
    _check_base(model, checkpoint["base"], path)
    state = dict(checkpoint["state_dict"])
    if weights == "ema":
        if "ema" not in checkpoint:
            raise CheckpointError(f"{path} has no averaged weights; take the trained ones (raw).")
        state |= checkpoint["ema"]
    own = trained_state(model)
    notes = []
    tasks_in_file = {name.split(".")[1] for name in state if name.startswith("decoders.")}
    surplus = sorted(tasks_in_file - set(model.decoders))
    if surplus:
        notes.append(f"{path} also holds the decoders of {', '.join(surplus)}, not used here.")
        state = {n: v for n, v in state.items() if not n.startswith(_prefixes(surplus))}
    # A task may have nothing of its own but what it does with what all share.
    with_weights = {name.split(".")[1] for name in own if name.startswith("decoders.")}
    new = sorted(with_weights - tasks_in_file)
    if new and allow_new_tasks:
        notes.append(f"{path} has no decoder for {', '.join(new)}: they start from scratch.")
        own = {n: v for n, v in own.items() if not n.startswith(_prefixes(new))}
    problems = tensor_problems(own, state)
    if problems:
        raise CheckpointError(
            f"{path} does not fit the model of this config:\n  "
            + "\n  ".join(problems)
            + "\nUse the config that the checkpoint was trained with."
        )
    model.load_state_dict(state, strict=False)
    model.start_tasks(new)
    return notes


def _prefixes(tasks: list[str]) -> tuple[str, ...]:
    return tuple(f"decoders.{task}." for task in tasks)


def _check_base(model: TaskModel, wanted: Mapping[str, Any], path: str | Path) -> None:
    found = base_of(model)
    if found["sha256"] == wanted["sha256"]:
        return
    if not wanted["sha256"] or not found["sha256"]:
        frozen, trained = ("model", "file") if found["sha256"] else ("file", "model")
        raise CheckpointError(
            f"{path}: the {frozen} has a frozen base ({found['name'] or wanted['name']}), the "
            f"{trained} has none. Set freeze_vit of the backbone as it was in training."
        )
    raise CheckpointError(
        f"{path} was trained on the frozen base {wanted['name']} (SHA-256 "
        f"{wanted['sha256'][:12]}...), but this config's base is {found['name']} (SHA-256 "
        f"{found['sha256'][:12]}...). Point backbone.checkpoint (stage 2) or "
        f"backbone.vit.weights at {wanted['name']}."
    )
