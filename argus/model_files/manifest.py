"""What a model's manifest says about each of its tasks, read off the task's config."""

from collections.abc import Iterator, Mapping
from typing import Any

from argus.inference.size_rule import SizeRule
from argus.inference.task_info import categories_of, kind_of, labels_of
from argus.model_files.data_name import data_name
from argus.models.foreign import library_of

_SIZES = ("scale", "crop_size", "input_size", "size")


def describe_task(config: Mapping[str, Any]) -> dict[str, Any]:
    """Kind, labels, input, normalisation, published values and licence of a task.

    ``classes`` are the names of the keypoints for poses; ``input.sizes`` are those that the test
    pipeline names, and ``input.rule`` says in words what it does with a picture.

    Args:
        config: Config of the task, with its classes built.
    """
    decoder, data = config["decoder"], config.get("test") or config.get("val") or {}
    dataset = data.get("dataset", {})
    preprocessor = decoder.get("data_preprocessor") or {}
    labels = labels_of(config)
    rule = SizeRule.of_task(config, library=library_of(decoder["type"]), task="")
    described = dict(
        kind=kind_of(decoder),
        decoder=_name(decoder["type"]),
        dataset=data_name(dataset),
        classes=list(labels.classes),
        palette=None if labels.palette is None else [list(colour) for colour in labels.palette],
        skeleton=[list(limb) for limb in labels.skeleton],
        categories=list(categories_of(decoder)),
        input=dict(
            rule=rule.text,
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


def _sizes(pipeline: Any) -> Iterator[str]:
    """Sizes that the transforms of a pipeline name, in order, as ``Resize 2048x512``."""
    for transform in pipeline:
        for key in _SIZES:
            value = transform.get(key)
            sides = [value] if isinstance(value, int) else value
            if isinstance(sides, (list, tuple)) and all(isinstance(s, int) for s in sides):
                yield f"{_name(transform['type'])} {'x'.join(map(str, sides))}"
