"""Test a detector on data that it was not made for: any file in COCO's format, with a class map.

The Argus paper does so in Table 8, without training: of the classes of COCO the detector keeps
those that the other set has. The boxes that it finds are those of any test, its limit on their
number included; classes that are not measured take their share of it.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmdet.evaluation import CocoMetric
from mmengine.registry import METRICS

from argus.datasets.coco import CocoInstances
from argus.datasets.mapped_coco import check_pictures, map_file
from argus.errors import ConfigError
from argus.files.durable import write_json
from argus.tasks.stated_labels import first_registered, scopes_of, stated_labels

# Steps that read labels: the metric has the file's own.
_LABEL_STEPS = (
    *("LoadAnnotations", "LoadInstances", "LoadPanopticAnnotations"),
    *("CheckLabel", "FilterAnnotations"),
)
_BOXES, _MASKS = ("bbox_mAP", "bbox_mAP_50"), ("segm_mAP", "segm_mAP_50")


def use_unseen_data(
    config: Any,
    data: str | Path,
    *,
    images: str | Path | None,
    pairs: Sequence[str],
    tasks: Sequence[str] | None,
) -> list[str]:
    """Give one detector of a config other test data, and leave the other tasks out.

    Args:
        config: With ``work_dir``; it is changed.
        data: Annotation file in COCO's format.
        images: Folder of the pictures; that of ``data`` by default.
        pairs: ``CLASS=CATEGORY``, see :func:`~argus.datasets.mapped_coco.map_file`.
        tasks: Name of the detector, needed where there are several.

    Returns:
        What is measured and what is not, in sentences.

    Raises:
        ConfigError: There is no such detector, or the map does not fit.
        DataError: The data cannot be read, or have nothing to be measured.
    """
    name, metric = _detector(config.get("tasks") or {}, tasks)
    task = config.tasks[name]
    classes = _classes(task, name)
    folder = Path(images) if images is not None else Path(data).parent
    mapped = map_file(data, classes, pairs)
    check_pictures(mapped.content, folder, data)
    path = Path(config.work_dir).absolute() / f"{Path(data).stem}_mapped.json"
    write_json(path, mapped.content)
    wanted = metric.get("metric", "bbox")
    masks = "segm" in ([wanted] if isinstance(wanted, str) else wanted)
    notes = mapped.notes(classes)
    if masks and not mapped.has_masks:
        notes.append("masks are not measured: not every object of the data has one")
        masks = False
    test = task.get("test") or task.get("val") or {}
    config.tasks = {
        name: dict(
            decoder=task["decoder"],
            train=task.get("train"),
            classes=classes,
            test=dict(
                dataset=dict(
                    type=CocoInstances,
                    ann_file=str(path),
                    data_prefix=dict(img=str(folder.absolute())),
                    test_mode=True,
                    metainfo=dict(classes=classes),
                    pipeline=_pipeline(test, name),
                ),
                **{key: test[key] for key in ("batch_size", "num_workers") if key in test},
            ),
            metrics=dict(
                type=CocoMetric, ann_file=str(path), metric=["bbox", "segm"] if masks else "bbox"
            ),
            primary=_BOXES[0],
            report=[*_BOXES, *(_MASKS if masks else ())],
            table=f"{Path(data).name}, never seen in training",
        )
    }
    return notes


def _detector(
    tasks: Mapping[str, Any], chosen: Sequence[str] | None
) -> tuple[str, Mapping[str, Any]]:
    """Name of the task that finds boxes, and its metric."""
    found: dict[str, Mapping[str, Any]] = {}
    for name, task in tasks.items():
        scopes = scopes_of(task["decoder"]["type"])
        metrics = task.get("metrics") or ()
        for metric in [metrics] if isinstance(metrics, Mapping) else metrics:
            kind = first_registered(METRICS, metric.get("type"), scopes)
            if isinstance(kind, type) and issubclass(kind, CocoMetric):
                found.setdefault(name, metric)
    names = list(chosen or found)
    if len(names) != 1 or names[0] not in found:
        raise ConfigError(
            f"--data: expected one task that is measured by mmdet's CocoMetric, found "
            f"{', '.join(names) or 'none'}"
            + (f"; name one by --tasks, of {', '.join(found)}." if found else ".")
        )
    return names[0], found[names[0]]


def _classes(task: Mapping[str, Any], name: str) -> list[str]:
    """Names by label, as the config states them, or the data that it names."""
    if task.get("classes"):
        return list(task["classes"])
    scopes = scopes_of(task["decoder"]["type"])
    for part in ("train", "test", "val"):
        data = task.get(part)
        labels = stated_labels(data["dataset"], scopes) if data else None
        if labels is not None and labels.names:
            return list(labels.names)
    raise ConfigError(
        f"--data: the config does not say the classes of task {name!r}. Add "
        f"tasks.{name}.classes=[...], in the order of its training data."
    )


def _pipeline(test: Mapping[str, Any], name: str) -> list[Any]:
    """The steps of the task's own test, without those that read labels."""
    steps = (test.get("dataset") or {}).get("pipeline")
    if not steps:
        raise ConfigError(
            f"--data: tasks.{name} has no test data with a pipeline, whose steps the pictures "
            "would go through."
        )
    return [step for step in steps if _type_name(step) not in _LABEL_STEPS]


def _type_name(step: Mapping[str, Any]) -> str:
    kind = step["type"]
    return str(kind).rsplit(".", 1)[-1] if isinstance(kind, str) else kind.__name__
