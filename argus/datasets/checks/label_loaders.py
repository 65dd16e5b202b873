"""Find the loaders of label maps in a data set's pipeline, so that a check reads as training does.

mmcv's, mmdet's and mmseg's own loaders are not among them; the label maps that these read are
judged by ours, where they are read alike; else, and of loaders of the user's own, what they give is
(:mod:`argus.datasets.census.pipeline_maps`). Boxes and polygons are checked in their JSON file.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform, LoadAnnotations, LoadImageFromFile

from argus.datasets.checks.orientation import StockLoader
from argus.datasets.transforms.binary_labels import LoadAnomalyMask
from argus.datasets.transforms.dense_labels import LoadDenseLabel
from argus.datasets.transforms.labels import IGNORE, LoadSegMap
from argus.datasets.transforms.loading import LoadImage
from argus.datasets.transforms.panoptic import LoadPanoptic
from argus.registry import TRANSFORMS

# Of mmcv's ways to decode a picture those that follow the tag.
_TURNING, _TURNED_COLOURS = ("cv2", "pillow"), ("color", "grayscale")
_LIBRARIES = ("mmcv", "mmdet", "mmseg")
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


class StandIn(LoadSegMap):
    """Reads label maps as a stock loader does, which keeps labels that are no classes."""

    def _to_train_labels(self, labels: np.ndarray, results: Mapping[str, Any]) -> np.ndarray:
        return self._meant(labels, results)


def loaders_to_judge(
    config: Mapping[str, Any], metainfo: Mapping[str, Any], *, ignore: int = IGNORE
) -> list[BaseTransform]:
    """Those of :func:`label_loaders`, and one for the semantic maps that a stock loader reads.

    So too where no pipeline is given; label maps that a pipeline leaves alone are not read.

    Args:
        config: As there.
        metainfo: Of the data set, with its ``classes``.
        ignore: The label that the decoder ignores.

    Raises:
        ConfigError: As there.
    """
    loaders = label_loaders(config, metainfo)
    number = len(metainfo.get("classes") or ())
    if not number or any(isinstance(load, LoadSegMap) for load in loaders):
        return loaders
    steps = list(steps_of(config))
    if steps and (ignore != IGNORE or not any(_reads_maps(step) for step in steps)):
        return loaders
    return [StandIn(min(number, IGNORE)), *loaders]


def _reads_maps(step: Mapping[str, Any]) -> bool:
    kind = step["type"]
    kind = TRANSFORMS.get(kind) if isinstance(kind, str) else kind
    is_known = isinstance(kind, type) and issubclass(kind, LoadAnnotations)
    if not is_known or kind.__module__.partition(".")[0] not in _LIBRARIES:
        return False
    # In mmdet's panoptic maps a colour is a segment; other values than 255 for void, and 0 that is
    # void by an option of the loader alone, are mmdet's, too.
    is_own = "panoptic" in kind.__name__.lower() or step.get("reduce_zero_label")
    is_own = is_own or step.get("ignore_index", IGNORE) != IGNORE
    with_seg = step.get("with_seg", kind.__module__.startswith("mmseg."))
    return bool(with_seg) and not is_own


def image_loader(config: Mapping[str, Any]) -> LoadImage:
    """The loader of pictures in a data set config; one of its own where that has another."""
    for step in steps_of(config):
        kind = step["type"]
        kind = TRANSFORMS.get(kind) if isinstance(kind, str) else kind
        if isinstance(kind, type) and issubclass(kind, LoadImage):
            load: LoadImage = TRANSFORMS.build(dict(step))
            return load.whole()
    return LoadImage()


def stock_image_loader(config: Mapping[str, Any]) -> StockLoader | None:
    """The loader of mmcv's in a data set config; ``None`` where ours is there, or none is."""
    for step in steps_of(config):
        kind = step["type"]
        kind = TRANSFORMS.get(kind) if isinstance(kind, str) else kind
        if not isinstance(kind, type):
            continue
        if issubclass(kind, LoadImage):
            return None
        if issubclass(kind, LoadImageFromFile):
            colour = step.get("color_type", "color")
            turns = step.get("imdecode_backend", "cv2") in _TURNING and colour in _TURNED_COLOURS
            return StockLoader(name=kind.__name__, reads="shown" if turns else "stored")
    return None


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
