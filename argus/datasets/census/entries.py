"""Count the labels that the entries of a data set hold, before any file is read.

Objects (mmdet), classes of pictures (mmpretrain), keypoints (mmpose) and panoptic segments: what
the data set gives, whatever it was read from, through wrappers, filters and choices of classes.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Set
from typing import Any

import numpy as np

from argus.datasets.census.judgement import Census
from argus.datasets.checks.coco_file import CROWD, NO_POLYGON, has_polygon
from argus.datasets.checks.label_loaders import steps_of
from argus.datasets.classes.xml_names import MOST_FILES, unmatched_names
from argus.datasets.joined_parts import JoinedParts
from argus.datasets.stored_entries import parts_of

# It takes an entry, the numbers it adds to, and the number of the entry.
_Reader = Callable[[Mapping[str, Any], Census, int], None]


def entry_census(
    dataset: Any, config: Mapping[str, Any], *, least: int | None = None, most: int | None = None
) -> Census | None:
    """The labels in the entries of a data set; ``None`` if they hold none.

    Args:
        dataset: A built data set of OpenMMLab.
        config: Its config.
        least: Entries after which counting ends once every class has been seen; ``None`` counts
            all.
        most: Entries after which it ends once there is something to learn; ``None`` for all.

    Returns:
        With the entries that the data set itself left out, where it says which (``dropped``).
    """
    found = _start(dataset, config)
    if found is None:
        return None
    census, read = found
    for index in spread(len(dataset)):
        if least is not None and census.num_seen >= least and is_enough(census, most):
            break
        read(dataset.get_data_info(index), census, index)
        census.num_seen += 1
    if census.is_whole:
        for part in parts_of(dataset):
            census.ignored.update(getattr(part, "dropped", {}))
        missing = [n for label, n in enumerate(census.names) if not census.counts[label]]
        cause = unmatched_names(_xml_files(dataset), census.names, missing) if missing else ""
        census.causes += [cause] * bool(cause)
    return census


def _xml_files(dataset: Any) -> Iterator[str]:
    infos = (dataset.get_data_info(index) for index in spread(len(dataset), MOST_FILES))
    return (path for path in (info.get("xml_path") for info in infos) if isinstance(path, str))


# Times as many entries as are looked at, above which they are drawn without an order of all.
_MANY = 1_000


def spread(number: int, most: int | None = None) -> list[int]:
    """Numbers below one, in an order that is the same every time and follows no folder.

    Args:
        number: The end.
        most: So many at most; all by default. Of very many entries they are drawn one by one.
    """
    generator = np.random.default_rng(0)
    if most is not None and number > _MANY * most:
        return list(dict.fromkeys(generator.integers(number, size=most).tolist()))
    return generator.permutation(number)[:most].tolist()


def is_enough(census: Census, most: int | None) -> bool:
    """Whether counting more samples would not change the judgement, or would cost too much."""
    if len(census.occurring) == len(census.names):
        return True
    return most is not None and census.num_seen >= most and census.can_be_learned


def _start(dataset: Any, config: Mapping[str, Any]) -> tuple[Census, _Reader] | None:
    info, meta = dataset.get_data_info(0), dataset.metainfo
    classes = [str(name) for name in meta.get("classes") or ()]
    num_all = len(dataset)
    # mmdet's panoptic entries list things among the instances too.
    if "segments_info" in info and classes:
        things = set(meta.get("thing_classes") or ())
        labels = {label for label, name in enumerate(classes) if name in things}

        def read_segments(info: Mapping[str, Any], census: Census, index: int) -> None:
            _count_segments(info, census, labels)

        return Census(unit="segment", names=classes, num_all=num_all), read_segments
    if "instances" in info and classes:
        parts = JoinedParts(config, dataset)
        with_masks = [
            any(step.get("with_mask") for step in steps_of(part.config)) for part in parts.parts
        ]

        def read(info: Mapping[str, Any], census: Census, index: int) -> None:
            _count_objects(info, census, with_masks[parts.number_at(index)])

        return Census(unit="object", names=classes, num_all=num_all), read
    number = meta.get("num_keypoints")
    if number:  # the first entry may be a picture without people
        names = meta.get("keypoint_id2name") or {}
        keypoints = [str(names.get(index, index)) for index in range(number)]
        census = Census(unit="labelled point", names=keypoints, num_all=num_all, what="keypoints")
        return census, _count_keypoints
    label = info.get("gt_label")
    if isinstance(label, (int, np.integer)) and classes:
        census = Census(unit="image", names=classes, num_all=num_all, needs_two=True)
        return census, _count_class
    if _is_list_of_labels(label) and classes:
        return Census(unit="image", names=classes, num_all=num_all), _count_class
    return None


def _is_list_of_labels(value: Any) -> bool:
    """Of several classes of a picture; scores of all classes are another form."""
    if not isinstance(value, (list, tuple, np.ndarray)):
        return False
    values = np.asarray(value)
    return values.size == 0 or values.dtype.kind in "iu"


def _count_objects(info: Mapping[str, Any], census: Census, with_masks: bool) -> None:
    for instance in info["instances"]:
        if instance.get("ignore_flag"):
            census.ignored[CROWD] += 1
        elif with_masks and not has_polygon(instance.get("mask")):
            census.ignored[NO_POLYGON] += 1
        else:
            census.counts[int(instance["bbox_label"])] += 1


def _count_segments(info: Mapping[str, Any], census: Census, things: Set[int]) -> None:
    for segment in info["segments_info"]:
        label = int(segment["label"] if "label" in segment else segment["category"])
        # A crowd region of mmdet's own data set is a thing that is said to be none.
        if segment.get("is_crowd", label in things and not segment.get("is_thing", True)):
            census.ignored[CROWD] += 1
        else:
            census.counts[label] += 1


def _count_keypoints(info: Mapping[str, Any], census: Census, index: int) -> None:
    if info.get("keypoints_visible") is None:  # a picture without people
        return
    weights = np.asarray(info["keypoints_visible"])
    if weights.ndim == 3:  # visibility and weight
        weights = weights[..., -1]
    labelled = (weights > 0).sum(axis=0)
    census.counts.update({index: int(number) for index, number in enumerate(labelled) if number})
    negative = int((weights < 0).sum())
    if negative:
        census.wrong["keypoint weight below 0: the loss would fall without end"] += negative


def _count_class(info: Mapping[str, Any], census: Census, index: int) -> None:
    census.counts.update(Counter(int(label) for label in np.atleast_1d(info["gt_label"])))
