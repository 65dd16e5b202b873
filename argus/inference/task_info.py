"""What a person or a program wants to know of a task before it is asked, read off its config.

No data set is built: its files need not be there where a model predicts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mmengine.registry import MODELS

from argus.inference.size_rule import SizeRule
from argus.models.foreign import library_of
from argus.names.categories import PERSON

RGB = tuple[int, int, int]

_KIND_OF_LIBRARY = {"mmseg": "semantic", "mmpretrain": "classification", "mmpose": "keypoints"}


@dataclass(frozen=True, kw_only=True)
class Labels:
    """Names and colours of a task's labels.

    Args:
        classes: Names by label; of the keypoints for poses; empty if there are none.
        palette: RGB by label; ``None`` for the default.
        skeleton: Pairs of keypoint indices that a limb connects.
        flip_indices: Keypoint that each one becomes in a mirrored picture.
        objects: Classes of the objects that have keypoints; empty for people.
    """

    classes: tuple[str, ...] = ()
    palette: tuple[RGB, ...] | None = None
    skeleton: tuple[tuple[int, int], ...] = ()
    flip_indices: tuple[int, ...] = ()
    objects: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TaskInfo:
    """What is known of a task of a model.

    Args:
        name: Its name in the model.
        kind: Of its answers: ``instances``, ``keypoints``, ``semantic``, ``panoptic``,
            ``classification``, ``depth``, ``normals``, ``boundary``, ``saliency`` or ``anomaly``;
            empty if it is another.
        classes: Names by label; of the keypoints for poses; the categories of an anomaly task.
        palette: RGB by label; ``None`` for the default.
        skeleton: Pairs of keypoint indices that a limb connects.
        objects: Classes of the objects that have keypoints.
        categories: Kinds of objects of an anomaly task that has a head for each.
        size_rule: The size it sees pictures at in its benchmark, in words.
        decoder: Name of the decoder's class.
        licence: Terms of the data that it was trained on.
        metrics: Measured values by name, as fractions or in the unit of ``units``.
        units: Unit of the metrics that are no fractions.
        primary: The metric that stands for the task.
    """

    name: str
    kind: str
    classes: tuple[str, ...] = ()
    palette: tuple[RGB, ...] | None = None
    skeleton: tuple[tuple[int, int], ...] = ()
    objects: tuple[str, ...] = (PERSON,)
    categories: tuple[str, ...] = ()
    size_rule: str = ""
    decoder: str = ""
    licence: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    primary: str = ""

    @classmethod
    def of_task(
        cls,
        name: str,
        config: Mapping[str, Any],
        *,
        rule: SizeRule,
        metrics: Mapping[str, float] | None = None,
    ) -> "TaskInfo":
        """Read a task's config.

        Args:
            name: Of the task.
            config: Config of the task, with its classes built.
            rule: Its size rule.
            metrics: Measured values.
        """
        labels = labels_of(config)
        decoder = config["decoder"]["type"]
        kind = kind_of(config["decoder"])
        # The data set may hold other categories than the decoder has heads for.
        classes = config["decoder"]["categories"] if kind == "anomaly" else labels.classes
        return cls(
            name=name,
            kind=kind,
            classes=tuple(classes),
            palette=labels.palette,
            skeleton=labels.skeleton,
            objects=labels.objects or (PERSON,),
            categories=categories_of(config["decoder"]),
            size_rule=rule.text,
            decoder=decoder if isinstance(decoder, str) else decoder.__name__,
            licence=config.get("licence", ""),
            metrics=dict(metrics or {}),
            units=dict(config.get("units", {})),
            primary=config.get("primary", ""),
        )


def kind_of(decoder: Mapping[str, Any]) -> str:
    """Kind of the answers of a decoder's config; empty if it is none that is known."""
    library = library_of(decoder["type"])
    if library == "mmdet":
        # Decoders with a fusion head give panoptic maps unless they are told not to.
        default = "panoptic_fusion_head" in decoder
        test_cfg = decoder.get("test_cfg") or {}
        return "panoptic" if test_cfg.get("panoptic_on", default) else "instances"
    if library is not None:
        return _KIND_OF_LIBRARY[library]
    if "categories" in decoder:
        return "anomaly"
    head = (decoder.get("head") or {}).get("type")
    head = MODELS.get(head) if isinstance(head, str) else head
    return getattr(head, "field", "")


def categories_of(decoder: Mapping[str, Any]) -> tuple[str, ...]:
    """Categories among which an anomaly decoder's config needs a choice; empty if it needs none."""
    categories = tuple(decoder.get("categories", ()))
    return () if decoder.get("joint") or len(categories) < 2 else categories


def labels_of(config: Mapping[str, Any]) -> Labels:
    """Labels of a task: its ``classes``, else those of its test or validation data set.

    Args:
        config: Config of the task, with its classes built.
    """
    labels = _labels((config.get("test") or config.get("val") or {}).get("dataset", {}))
    classes = tuple(config.get("classes") or ())
    if not classes or classes == labels.classes:
        return labels
    # The colours are those of the data set's classes, which may be others or in another order.
    colours = dict(zip(labels.classes, labels.palette or (), strict=False))
    known = all(name in colours for name in classes)
    return replace(
        labels, classes=classes, palette=tuple(colours[n] for n in classes) if known else None
    )


def _labels(dataset: Mapping[str, Any]) -> Labels:
    """Labels of a data set's config, through wrappers."""
    kind: Any = dataset.get("type")
    stated = dict(dataset.get("metainfo") or {})
    default = dict(getattr(kind, "METAINFO", None) or {})
    if {"keypoint_info", "from_file"} & set(stated or default):
        return _keypoints(stated or default)
    if hasattr(kind, "classes_of"):  # they depend on the config
        default["classes"] = kind.classes_of(dataset)
        if hasattr(kind, "palette_of"):
            default["palette"] = kind.palette_of(dataset)
    meta = default | stated
    if "classes" not in meta:
        inner = dataset.get("dataset")
        return _labels(inner) if isinstance(inner, Mapping) else Labels()
    has_own_classes = "classes" in stated and "palette" not in stated
    palette = None if has_own_classes else meta.get("palette")
    return Labels(classes=tuple(meta["classes"]), palette=_colours(palette))


def _keypoints(meta: Mapping[str, Any]) -> Labels:
    from mmpose.datasets.datasets.utils import parse_pose_metainfo

    parsed = parse_pose_metainfo(dict(meta))
    names = parsed["keypoint_id2name"]
    return Labels(
        classes=tuple(names[index] for index in range(parsed["num_keypoints"])),
        skeleton=tuple((int(a), int(b)) for a, b in parsed["skeleton_links"]),
        flip_indices=tuple(map(int, parsed["flip_indices"])),
        objects=tuple(map(str, meta.get("objects") or ())),
    )


def _colours(palette: Any) -> tuple[RGB, ...] | None:
    # mmdet's "random" and the like name no colours.
    if palette is None or isinstance(palette, str):
        return None
    return tuple((int(r), int(g), int(b)) for r, g, b in palette)
