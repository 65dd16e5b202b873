"""What a model's manifest says about each of its tasks, read off the task's config."""

from collections.abc import Iterator, Mapping
from typing import Any

_SIZES = ("scale", "crop_size", "input_size", "size")


def describe_task(config: Mapping[str, Any]) -> dict[str, Any]:
    """Classes, input, normalisation, published values and licence of a task.

    Args:
        config: Config of the task, with its classes built.
    """
    decoder, data = config["decoder"], config.get("test") or config.get("val") or {}
    dataset = data.get("dataset", {})
    preprocessor = decoder.get("data_preprocessor") or {}
    described = dict(
        decoder=_name(decoder["type"]),
        dataset=_name(dataset["type"]) if dataset else None,
        classes=_classes(dataset),
        input=dict(
            sizes=list(_sizes(dataset.get("pipeline", []))),
            order="RGB" if preprocessor.get("bgr_to_rgb", preprocessor.get("to_rgb")) else "BGR",
            mean=list(preprocessor.get("mean") or []),
            std=list(preprocessor.get("std") or []),
        ),
        primary=config.get("primary", ""),
        lower_is_better=list(config.get("lower_is_better", ())),
        units=dict(config.get("units", {})),
        paper=dict(config.get("paper", {})),
        licence=config.get("licence", ""),
        metrics={},
    )
    return described


def _name(kind: Any) -> str:
    return kind if isinstance(kind, str) else kind.__name__


def _classes(dataset: Mapping[str, Any]) -> list[str]:
    """Class names of a data set config, through wrappers; empty if it names none."""
    kind: Any = dataset.get("type")
    meta = dataset.get("metainfo") or {}
    if "classes" in meta:
        return list(meta["classes"])
    if hasattr(kind, "classes_of"):  # they depend on the config
        return list(kind.classes_of(dataset))
    if "classes" in (getattr(kind, "METAINFO", None) or {}):
        return list(kind.METAINFO["classes"])
    inner = dataset.get("dataset")
    return _classes(inner) if isinstance(inner, Mapping) else []


def _sizes(pipeline: Any) -> Iterator[str]:
    """Sizes that the transforms of a pipeline name, in order, as ``Resize 2048x512``."""
    for transform in pipeline:
        for key in _SIZES:
            value = transform.get(key)
            sides = [value] if isinstance(value, int) else value
            if isinstance(sides, (list, tuple)) and all(isinstance(s, int) for s in sides):
                yield f"{_name(transform['type'])} {'x'.join(map(str, sides))}"
