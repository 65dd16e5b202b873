"""Checkpoint files: what was trained, and the name and hash of the frozen base it stands on.

A file holds tensors and plain values only, so that loading never runs code of the file
(``torch.load(weights_only=True)``). Files are written beside their place and moved there, so that
an interrupted save leaves the previous one.
"""

import hashlib
import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from argus.errors import CheckpointError
from argus.models.multitask import MultitaskModel

FORMAT = "argus-checkpoint-1"


def tensor_hash(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 over names, types, shapes and bytes, independent of order and device."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        value = tensors[name].detach().cpu().contiguous()
        digest.update(f"{name}|{value.dtype}|{tuple(value.shape)}|".encode())
        digest.update(value.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def base_of(model: MultitaskModel) -> dict[str, Any]:
    """Name, hash and number of tensors of the frozen weights of a model."""
    name, tensors = model.frozen_base()
    digest = tensor_hash(tensors) if tensors else ""
    return {"name": name if tensors else "", "sha256": digest, "num_tensors": len(tensors)}


def trained_state(model: MultitaskModel) -> dict[str, Tensor]:
    """State dict of a model without its frozen base, on the CPU."""
    _, frozen = model.frozen_base()
    return {n: v.detach().cpu() for n, v in model.state_dict().items() if n not in frozen}


def write_checkpoint(path: str | Path, checkpoint: Mapping[str, Any]) -> None:
    """Write a checkpoint in one move.

    Raises:
        CheckpointError: If the disk is full or the folder not writable; nothing is left behind.
    """
    path = Path(path)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save({"format": FORMAT, **checkpoint}, partial)
        os.replace(partial, path)
    # torch's archive writer turns errors of the disk into RuntimeError.
    except (OSError, RuntimeError) as error:
        raise CheckpointError(
            f"checkpoint {path} cannot be written: {_first_line(error)}. Make room on the disk "
            "(see max_keep_ckpts of the checkpoint hook), then go on with --resume: earlier "
            "checkpoints are whole."
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def read_checkpoint(path: str | Path) -> dict[str, Any]:
    """Read a checkpoint without running any code in it.

    Raises:
        CheckpointError: If the file is missing, damaged, of another format, or holds objects other
            than tensors and plain values.
    """
    path = Path(path)
    if not path.is_file():
        kept = sorted(p.name for p in path.parent.glob("*.pth")) if path.parent.is_dir() else []
        found = f"that folder holds {', '.join(kept)}" if kept else "that folder holds none"
        raise CheckpointError(f"checkpoint {path} does not exist ({found}).")
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"checkpoint {path} is not a file of tensors and plain values (or is damaged), so it "
            f"is not opened: {_first_line(error)}"
        ) from error
    except (RuntimeError, EOFError, ValueError, OSError) as error:
        raise CheckpointError(
            f"checkpoint {path} cannot be read, it may be truncated: {_first_line(error)}"
        ) from error
    if not isinstance(checkpoint, dict) or checkpoint.get("format") != FORMAT:
        raise CheckpointError(
            f"{path} is not an Argus checkpoint: expected format {FORMAT!r}, found "
            f"{checkpoint.get('format') if isinstance(checkpoint, dict) else type(checkpoint)!r}. "
            "Backbone weights go into backbone.vit.weights; tools/checkpoints/convert.py converts "
            "other layouts."
        )
    return checkpoint


def _first_line(error: Exception) -> str:
    """The message without the hints torch adds below it; the kind of error if there is none."""
    return next(iter(str(error).splitlines()), type(error).__name__)


def load_trained_state(
    model: MultitaskModel,
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
    new = sorted(set(model.decoders) - tasks_in_file)
    if new and allow_new_tasks:
        notes.append(f"{path} has no decoder for {', '.join(new)}: they start from scratch.")
        own = {n: v for n, v in own.items() if not n.startswith(_prefixes(new))}
    missing = sorted(set(own) - set(state))
    unexpected = sorted(set(state) - set(own))
    misshapen = [n for n in own if n in state and own[n].shape != state[n].shape]
    if missing or unexpected or misshapen:
        lines = [f"{path} does not fit the model of this config:"]
        for label, names in (("missing", missing), ("left over", unexpected)):
            if names:
                lines.append(f"  {label} ({len(names)}): {', '.join(names[:5])}")
        lines += [
            f"  {n}: {tuple(own[n].shape)} in the model, {tuple(state[n].shape)} in the file"
            for n in misshapen[:5]
        ]
        lines.append("Use the config that the checkpoint was trained with.")
        raise CheckpointError("\n".join(lines))
    model.load_state_dict(state, strict=False)
    return notes


def _prefixes(tasks: list[str]) -> tuple[str, ...]:
    return tuple(f"decoders.{task}." for task in tasks)


def _check_base(model: MultitaskModel, wanted: Mapping[str, Any], path: str | Path) -> None:
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
        f"{found['sha256'][:12]}...). Point backbone.vit.weights at {wanted['name']}."
    )
