"""What a model, a checkpoint or a config holds, as plain values that ``argus info`` prints."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from argus.errors import CheckpointError, ConfigError
from argus.files.together import place_of
from argus.model_files.model_card import measured
from argus.model_files.weight_file import count_values, part_of
from argus.storage.model_folder import WEIGHTS, read_config, read_manifest

_TRAINED_BACKBONE = "trained_backbone"
_CLASS = "class:"


def describe(path: str | Path) -> dict[str, Any]:
    """Describe a folder of a model, a checkpoint ``.pth`` or a config ``.py``.

    A folder and a checkpoint are read without running code of theirs, and no class that they name
    is imported. A config is Python, and is run.

    Returns:
        ``is`` (``model``, ``checkpoint`` or ``config``), ``path``, ``backbone`` and ``tasks`` with
        ``parameters`` each, and what else that kind knows; JSON can write it.

    Raises:
        CheckpointError: It is none of these, or damaged.
        ConfigError: The config cannot be read.
    """
    path = Path(path)
    if path.is_dir():
        return _describe_model(path)
    if path.suffix == ".py":
        return _describe_config(path)
    if path.suffix in (".pth", ".pt", ".ckpt"):
        return _describe_checkpoint(path)
    raise CheckpointError(
        f"{path}: expected the folder of a model, a checkpoint (.pth) or a config (.py)"
        + (f", found a file {path.suffix!r}." if path.is_file() else ", found nothing.")
    )


def _describe_model(path: Path) -> dict[str, Any]:
    manifest, config = read_manifest(path), read_config(path)
    counts = count_values(place_of(path, WEIGHTS), manifest)
    tasks = {
        name: {**task, "metrics": measured(task), "parameters": counts.get(name, 0)}
        for name, task in manifest["tasks"].items()
    }
    return {
        "is": "model",
        "path": str(path),
        "format": manifest["format"],
        "argus_version": manifest["argus_version"],
        "bytes": place_of(path, WEIGHTS).stat().st_size,
        "precision": config.get("precision", ""),
        "backbone": {**manifest["backbone"], "parameters": counts.get("backbone", 0)},
        "tasks": tasks,
        "sources": manifest.get("sources", []),
        "release": manifest.get("release", {}),
    }


def _describe_checkpoint(path: Path) -> dict[str, Any]:
    from argus.storage.checkpoint import PARTS, read_checkpoint

    checkpoint = read_checkpoint(path, needs=PARTS)
    meta, state = checkpoint["meta"], checkpoint["state_dict"]
    counts: dict[str, int] = {}
    for name, value in state.items():
        if value.is_floating_point():
            counts[part_of(name)] = counts.get(part_of(name), 0) + value.numel()
    model = meta.get("model") or {}
    tasks = {name: _plain_task(task) for name, task in (model.get("tasks") or {}).items()}
    for name in meta.get("tasks", ()):
        tasks.setdefault(name, {})["parameters"] = counts.get(name, 0)
    kind = str(model.get("backbone", {}).get("type", ""))
    stage = 2 if kind.endswith(f".{_TRAINED_BACKBONE}") or "backbone" not in counts else 1
    return {
        "is": "checkpoint",
        "path": str(path),
        "format": checkpoint["format"],
        "argus_version": meta.get("argus_version", ""),
        "bytes": path.stat().st_size,
        "stage": stage,
        "iteration": meta.get("iter"),
        "time": meta.get("time", ""),
        "experiment": meta.get("experiment", ""),
        "precision": model.get("precision", ""),
        "averaged_weights": "ema" in checkpoint,
        "base": dict(checkpoint["base"]),
        "backbone": {"parameters": counts.get("backbone", 0)},
        "tasks": tasks,
    }


def _plain_task(config: Mapping[str, Any]) -> dict[str, Any]:
    """A task of a checkpoint, from its config as plain values: no class is imported."""
    dataset = (config.get("test") or config.get("val") or {}).get("dataset") or {}
    return dict(
        decoder=_short(config["decoder"]["type"]),
        dataset=_short(dataset.get("type")),
        classes=list(config.get("classes") or (dataset.get("metainfo") or {}).get("classes", ())),
        primary=config.get("primary", ""),
        units=dict(config.get("units") or {}),
        paper=dict(config.get("paper") or {}),
        licence=config.get("licence", ""),
    )


def _short(name: str | None) -> str | None:
    return name if name is None or not name.startswith(_CLASS) else name.rsplit(".", 1)[-1]


def _describe_config(path: Path) -> dict[str, Any]:
    from argus.engine.config_files.reading import read_config_file
    from argus.libraries.importing import import_libraries

    import_libraries()
    from argus.model_files.manifest import describe_task
    from argus.models.multitask import MultitaskModel
    from argus.tasks import parse_tasks

    config = read_config_file(str(path))
    parsed = parse_tasks(config.get("tasks"))
    tasks = {name: describe_task(config.tasks[name]) for name in parsed}
    for name, task in parsed.items():
        tasks[name]["batch_size"] = task.train.batch_size if task.train else None
        tasks[name]["loss_weight"] = task.loss_weight
        tasks[name].pop("metrics")
    backbone: dict[str, Any] = {}
    note = ""
    try:
        decoders = {name: task.decoder for name, task in parsed.items()}
        model = MultitaskModel(_untrained(config.backbone), decoders)
    except (CheckpointError, ConfigError) as error:
        note = f"parameters are not counted, the model cannot be built: {error}"
    else:
        backbone["parameters"] = _num_parameters(model.backbone)
        backbone["trained"] = sum(p.numel() for p in model.backbone.parameters() if p.requires_grad)
        for name in tasks:
            tasks[name]["parameters"] = _num_parameters(model.decoder(name))
    schedule = config.get("train_cfg") or {}
    return {
        "is": "config",
        "path": str(path),
        "precision": config.get("precision", ""),
        "iterations": schedule.get("max_iters"),
        "backbone": backbone,
        "tasks": tasks,
        "note": note,
    }


def _untrained(backbone: Mapping[str, Any]) -> dict[str, Any]:
    """The config of a backbone with random weights: to count them, no file is needed."""
    config = dict(backbone)
    key = "checkpoint" if "checkpoint" in config else "weights"  # which then chooses in the file
    if key in config:
        config[key] = "random"
    for key in ("vit", "backbone"):
        if isinstance(config.get(key), Mapping):
            config[key] = _untrained(config[key])
    return config


def _num_parameters(module: Any) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
