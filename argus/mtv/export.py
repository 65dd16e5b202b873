"""From a training's config and checkpoint to a folder that ``transformers`` and ``MTV`` read."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from argus.engine.checkpoints.model_state import load_trained_state
from argus.errors import ConfigError
from argus.mtv.model import MTVModel
from argus.mtv.saving import save_mtv, save_teacher, save_vision
from argus.mtv.tokenizer import Tokenizer
from argus.registry import MODELS
from argus.storage.checkpoint import read_checkpoint
from argus.tasks import parse_tasks, streams_of

PARTS = ("model", "vision", "teacher")


def model_of(config: Mapping[str, Any], checkpoint: str | Path | None) -> MTVModel:
    """The model of a training.

    Args:
        config: Of the training.
        checkpoint: Its weights; ``None`` for those that it would begin with, by its seed.

    Raises:
        ConfigError: It is no config of MTV.
        CheckpointError: The file does not fit.
    """
    kind = dict(config.get("task_model") or {}).get("type")
    if (MODELS.get(kind) if isinstance(kind, str) else kind) is not MTVModel:
        raise ConfigError(
            "task_model: expected dict(type=MTVModel, ...), as in the configs below configs/mtv, "
            f"found {kind or 'none'}."
        )
    tasks = parse_tasks(config["tasks"], on_backbone=False)
    seed = (config.get("randomness") or {}).get("seed") or 0
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model: MTVModel = MODELS.build(
            dict(
                **config["task_model"],
                backbone=config["backbone"],
                decoders={name: task.decoder for name, task in tasks.items()},
                streams=streams_of(tasks),
            )
        )
    if checkpoint is not None:
        content = read_checkpoint(str(checkpoint), needs=("base", "state_dict"))
        weights = config.get("eval_weights", "ema") if "ema" in content else "raw"
        load_trained_state(model, content, path=checkpoint, weights=weights)
    return model.eval()


def tokenizer_of(config: Mapping[str, Any]) -> str:
    """Folder or name of the tokenizer that the texts of a training went through.

    Raises:
        ConfigError: There is none, or several.
    """
    found = sorted(set(_tokenizers(config.get("tasks"))))
    if len(found) != 1:
        raise ConfigError(
            f"the tasks of the config name {', '.join(found) or 'no tokenizer'}, expected one "
            "tokenizer=...; name the right one by --tokenizer."
        )
    return found[0]


def _tokenizers(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if isinstance(value.get("tokenizer"), str):
            yield value["tokenizer"]
        value = list(value.values())
    if isinstance(value, list | tuple):
        for entry in value:
            yield from _tokenizers(entry)


def export(
    config: Mapping[str, Any],
    checkpoint: str | Path | None,
    folder: str | Path,
    *,
    part: str = "model",
    tokenizer: str | None = None,
) -> None:
    """Write a checkpoint as a folder.

    Args:
        config: Of the training.
        checkpoint: Its weights; ``None`` for those that it would begin with.
        folder: Made if it is missing.
        part: ``model``: both encoders, the heads of the tasks, tokenizer and processor; ``vision``:
            the vision tower alone, as a ``SiglipVisionModel``; ``teacher``: the teacher's.
        tokenizer: Folder or name on the Hub; that of the config by default.

    Raises:
        ConfigError: It is no config of MTV, or names no tokenizer.
        CheckpointError: The file does not fit, or there is no such part.
    """
    assert part in PARTS, part
    model = model_of(config, checkpoint)
    if part == "vision":
        save_vision(model, folder)
    elif part == "teacher":
        save_teacher(model, folder)
    else:
        text: Any = model.backbone.config.text_config
        length = text.max_position_embeddings
        source = tokenizer or tokenizer_of(config)
        save_mtv(model, folder, tokenizer=Tokenizer(source, length=length))
