"""Take a merged model apart into the checkpoints it was made of."""

from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import Tensor

import argus
from argus.errors import CheckpointError
from argus.files.durable import replacing
from argus.storage.checkpoint import write_checkpoint
from argus.storage.forms import MERGED
from argus.storage.model_folder import ModelFolder

_BACKBONE = "backbone."


def split(model: ModelFolder, out: str | Path) -> list[Path]:
    """Write the checkpoints that a model was merged from; the inverse of :func:`merge`.

    The weights are those that the model holds: the averaged ones if they were taken. What stage 1
    had frozen is written too: the ViT as ``vit.safetensors``, in the official layout.

    Returns:
        The files written.

    Raises:
        CheckpointError: If the manifest does not say what the model was merged from, or names a
            file outside ``out``.
    """
    MERGED(dict(config=model.config, manifest=model.manifest), "split")
    stage1 = next((s for s in model.manifest["sources"] if s["stage"] == 1), None)
    if stage1 is None:
        raise CheckpointError(
            "split: the manifest names no checkpoint of stage 1, so there is nothing to take "
            "apart. Split a model that `argus merge` made."
        )
    out = Path(out)
    for source in model.manifest["sources"]:
        _below_folder(out, source["file"])
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CheckpointError(f"split: cannot write to {out}: {error.strerror}.") from error
    written = []
    trained = _below(model.state, _BACKBONE, _BACKBONE)
    backbone: dict[str, Any] = dict(model.config["backbone"]["backbone"])
    prefix: str = model.manifest["backbone"]["frozen"]
    if prefix:
        frozen_file = _below_folder(out, f"{prefix.split('.')[1]}.safetensors")
        with replacing(frozen_file) as partial:
            save_file(_below(model.state, prefix, ""), partial)
            partial.chmod(0o644)  # safetensors writes for the owner alone
        written.append(frozen_file)
        trained = {name: v for name, v in trained.items() if not name.startswith(prefix)}
        if "vit" in backbone:
            backbone["vit"] = {**backbone["vit"], "weights": str(frozen_file)}
    frozen = {
        **model.config["backbone"],
        "backbone": backbone,
        "checkpoint": str(_below_folder(out, stage1["file"])),
    }
    for source in model.manifest["sources"]:
        is_first = source["stage"] == 1
        # A model may have been saved with some of its tasks.
        names = {old: new for old, new in source["tasks"].items() if new in model.config["tasks"]}
        if not names and not is_first:
            continue
        state = dict(trained) if is_first else {}
        for old, new in names.items():
            state |= _below(model.state, f"decoders.{new}.", f"decoders.{old}.")
        tasks = {old: model.config["tasks"][new] for old, new in names.items()}
        settings = dict(
            backbone=backbone if is_first else frozen,
            tasks=tasks,
            precision=model.config["precision"],
        )
        meta = dict(argus_version=argus.__version__, tasks=list(tasks), model=settings)
        path = _below_folder(out, source["file"])
        write_checkpoint(path, dict(meta=meta, base=dict(source["base"]), state_dict=state))
        written.append(path)
    return written


def _below_folder(folder: Path, name: str) -> Path:
    """A file of the folder, by a name that the manifest gives."""
    if not isinstance(name, str) or name in ("", ".", "..") or set(name) & set("/\\\0"):
        raise CheckpointError(
            f"split: the manifest names the file {name!r:.80}; expected a name without folders, "
            "for everything is written below one."
        )
    return folder / name


def _below(state: dict[str, Tensor], prefix: str, new: str) -> dict[str, Tensor]:
    """Tensors whose name begins with ``prefix``, which ``new`` replaces."""
    return {
        new + name.removeprefix(prefix): value
        for name, value in state.items()
        if name.startswith(prefix)
    }
