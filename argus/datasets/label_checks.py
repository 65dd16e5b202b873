"""Find the loaders of label maps in a data set's pipeline, so that a check reads as training does.

mmdet's and mmseg's own loaders are not among them; boxes and polygons are checked in their JSON
file.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from mmcv.transforms import BaseTransform

from argus.datasets.transforms.binary_labels import LoadAnomalyMask
from argus.datasets.transforms.dense_labels import LoadDenseLabel
from argus.datasets.transforms.labels import LoadSegMap
from argus.datasets.transforms.loading import LoadImage
from argus.datasets.transforms.panoptic import LoadPanoptic
from argus.registry import TRANSFORMS

_LOADERS = (LoadSegMap, LoadDenseLabel, LoadPanoptic, LoadAnomalyMask)


def label_loaders(
    config: Mapping[str, Any], metainfo: Mapping[str, Any] | None = None
) -> list[BaseTransform]:
    """Build the loaders of label maps in a data set config, at any depth of its pipelines.

    Args:
        config: Config of a data set or of a wrapper of data sets.
        metainfo: Of the data set, for a loader that takes its palette.

    Returns:
        One of each class, in the order of the pipeline.

    Raises:
        ConfigError: A loader asks for a palette that the data set does not have.
    """
    loaders: dict[type, BaseTransform] = {}
    for step in steps_of(config):
        kind = step["type"]
        kind = TRANSFORMS.get(kind) if isinstance(kind, str) else kind
        if isinstance(kind, type) and issubclass(kind, _LOADERS) and kind not in loaders:
            loaders[kind] = load = TRANSFORMS.build(dict(step))
            if isinstance(load, LoadSegMap):
                load.take_palette(metainfo or {})
    return list(loaders.values())


def image_loader(config: Mapping[str, Any]) -> LoadImage:
    """The loader of pictures in a data set config; one of its own where that has another."""
    for step in steps_of(config):
        kind = step["type"]
        kind = TRANSFORMS.get(kind) if isinstance(kind, str) else kind
        if isinstance(kind, type) and issubclass(kind, LoadImage):
            load: LoadImage = TRANSFORMS.build(dict(step))
            return load
    return LoadImage()


def steps_of(config: Any) -> Iterator[Mapping[str, Any]]:
    """The configs in pipelines (``pipeline``), inner transforms too, and those of inner sets."""
    if isinstance(config, Mapping):
        for step in config.get("pipeline") or ():
            yield from _with_inner(step)
        for key in ("dataset", "datasets"):
            yield from steps_of(config.get(key))
    elif isinstance(config, (list, tuple)):
        for item in config:
            yield from steps_of(item)


def _with_inner(step: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(step, Mapping):
        if "type" in step:
            yield step
        for key in ("transform", "transforms"):
            yield from _with_inner(step.get(key))
    elif isinstance(step, (list, tuple)):
        for item in step:
            yield from _with_inner(item)
