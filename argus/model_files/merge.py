"""Join a backbone and the decoders that were trained on it into one model."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

import argus
from argus.errors import CheckpointError, ConfigError
from argus.model_config import (
    build_enclosed,
    read_config,
    resolve_backbone,
    resolve_task,
)
from argus.model_files.manifest import describe_task
from argus.models.backbones import trained_backbone
from argus.models.backbones.separate_vit import read_model
from argus.precision import AUTO
from argus.storage.checkpoint import PARTS, read_checkpoint, tensor_hash
from argus.storage.config_values import to_plain
from argus.storage.model_folder import FORMAT, ModelFolder

_BACKBONE = "backbone."
_FROZEN_ROOM = 6 * 2**30  # bytes; the frozen ViT comes from another file


def merge(
    base: str | Path,
    decoders: Sequence[str | Path] = (),
    *,
    weights: str = "auto",
    renames: Mapping[tuple[str, str], str] | None = None,
    metrics: Mapping[str, float] | None = None,
    trusted: Sequence[str] = (),
) -> ModelFolder:
    """Join a backbone and stage-2 checkpoints that were trained on it.

    Args:
        base: Path of the stage-1 checkpoint, whose decoders are taken too; or the folder of a
            model, to which the decoders are added.
        decoders: Paths of stage-2 checkpoints.
        weights: ``ema`` or ``raw``; ``auto`` takes the averages where a file has them.
        renames: New names of tasks by (path as given, name).
        metrics: Measured values ``{"<task>/<metric>": value}`` for the manifest.
        trusted: Further packages that the configs' classes may come from.

    Raises:
        CheckpointError: If a decoder was trained on another backbone, tuned a backbone of its own,
            or comes with a task that is there already.
        ConfigError: If ``renames`` names a task that is not there.
    """
    names = {(str(path), old): new for (path, old), new in (renames or {}).items()}
    if Path(base).is_dir():
        model = read_model(base)
    else:
        model = _start(str(base), weights, trusted)
        _add(model, str(base), weights=weights, renames=names, trusted=trusted)
    for path in map(str, decoders):
        _check_same_backbone(path, model.manifest["backbone"]["sha256"], str(base))
        _add(model, path, weights=weights, renames=names, trusted=trusted)
    if names:
        raise ConfigError(f"--rename: no such task: {[f'{p}:{n}' for p, n in names]}.")
    model.add_metrics(metrics or {})
    return model


def _start(path: str, weights: str, trusted: Sequence[str]) -> ModelFolder:
    """A model of the backbone alone."""
    checkpoint = read_checkpoint(path, needs=PARTS)
    settings = _model_of(path, checkpoint)
    built = resolve_backbone(settings["backbone"], trusted=trusted, weight_files=True)
    what = f"the backbone of {path}"
    with build_enclosed(checkpoint["state_dict"], what=what, room=_FROZEN_ROOM):
        backbone: Any = trained_backbone(built, checkpoint=path, weights=weights)
    state: dict[str, Tensor] = {f"{_BACKBONE}{n}": v for n, v in backbone.state_dict().items()}
    config = dict(
        backbone=to_plain(
            dict(
                type=trained_backbone,
                backbone=_without_weights(settings["backbone"]),
                checkpoint="random",
            )
        ),
        tasks={},
        precision=settings.get("precision", AUTO),
    )
    manifest = dict(
        format=FORMAT,
        argus_version=argus.__version__,
        backbone=dict(
            name=backbone.base_name,
            sha256=tensor_hash(state),
            num_tensors=len(state),
            frozen=_frozen_part(state, checkpoint),
        ),
        tasks={},
        sources=[],
    )
    return ModelFolder(config=config, state=state, manifest=manifest)


def _add(
    model: ModelFolder,
    path: str,
    *,
    weights: str,
    renames: dict[tuple[str, str], str],
    trusted: Sequence[str],
) -> None:
    """Add the decoders of a checkpoint; the names it uses are taken out of ``renames``."""
    checkpoint = read_checkpoint(path, needs=PARTS)
    names = {}
    for old, config in _model_of(path, checkpoint)["tasks"].items():
        new = names[old] = renames.pop((path, old), old)
        if new in model.config["tasks"]:
            raise CheckpointError(
                f"{path}: there is a task {new!r} already. Give one of them another name: "
                f"--rename {path}:{old}=NEW."
            )
        model.config["tasks"][new] = {
            k: v for k, v in config.items() if k not in ("train", "stream")
        }
        resolved = resolve_task(new, config, trusted=trusted)
        with read_config(f"task {old!r} of {path}"):
            model.manifest["tasks"][new] = describe_task(resolved)
    model.state |= _decoder_tensors(checkpoint, names, weights, path)
    model.manifest["sources"].append(
        dict(
            file=Path(path).name,
            sha256=_file_hash(path),
            stage=2 if model.manifest["sources"] else 1,
            base=dict(checkpoint["base"]),
            tasks=names,
        )
    )


def _model_of(path: str, checkpoint: Mapping[str, Any]) -> dict[str, Any]:
    model = checkpoint["meta"].get("model")
    if not model:
        raise CheckpointError(
            f"{path} does not hold the config of its model as values, so it cannot be merged: it "
            "was written by an older version, or its config holds objects. Load it with load_from, "
            "train a step and save it again."
        )
    return model


def _check_same_backbone(path: str, digest: str, other: str) -> None:
    checkpoint = read_checkpoint(path, needs=PARTS)
    if any(name.startswith(_BACKBONE) for name in checkpoint["state_dict"]):
        raise CheckpointError(
            f"{path} tuned the backbone too, so its decoders do not fit that of {other}. Merge "
            "decoders that were trained with trained_backbone(freeze=True); a tuned model is its "
            "own stage-1 checkpoint."
        )
    base = checkpoint["base"]
    if base["sha256"] != digest:
        raise CheckpointError(
            f"{path} was trained on the backbone {base['name']} (SHA-256 "
            f"{base['sha256'][:12]}...), but that of {other} is {digest[:12]}... Name the stage-1 "
            "checkpoint that backbone.checkpoint of its config names, with the same weights "
            "(--weights ema or raw)."
        )


def _decoder_tensors(
    checkpoint: Mapping[str, Any], names: Mapping[str, str], weights: str, path: str
) -> dict[str, Tensor]:
    if weights == "ema" and "ema" not in checkpoint:
        raise CheckpointError(f"{path} has no averaged weights; take --weights auto or raw.")
    state = dict(checkpoint["state_dict"])
    if weights != "raw":
        state |= checkpoint.get("ema", {})
    found = {}
    for name, value in state.items():
        if name.startswith("decoders."):
            _, task, *rest = name.split(".", 2)
            if task not in names or not rest:
                raise CheckpointError(
                    f"{path} holds the tensor {name!r:.80}, which is of none of the tasks that "
                    f"its config names ({', '.join(names)}): the two are of different models."
                )
            found[f"decoders.{names[task]}.{rest[0]}"] = value
    return found


def _frozen_part(state: Mapping[str, Tensor], stage1: Mapping[str, Any]) -> str:
    """Prefix of the tensors that stage 1 had frozen and its checkpoint lacks; empty if none."""
    absent = {n for n in state if n.startswith(_BACKBONE) and n not in stage1["state_dict"]}
    if not absent:
        return ""
    prefix = os.path.commonprefix(sorted(absent)).rpartition(".")[0] + "."
    below = {name for name in state if name.startswith(prefix)}
    assert below == absent, f"frozen and trained tensors are mixed below {prefix}"
    return prefix


def _without_weights(backbone: Mapping[str, Any]) -> dict[str, Any]:
    """The backbone's config with random weights: those of the model file come after."""
    config = dict(backbone)
    if isinstance(config.get("vit"), Mapping):
        config["vit"] = {**config["vit"], "weights": "random"}
    return config


def _file_hash(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(2**20):
            digest.update(chunk)
    return digest.hexdigest()
