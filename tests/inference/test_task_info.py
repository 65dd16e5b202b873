"""Kinds and labels of tasks off their configs, against the data sets that define them."""

from pathlib import Path
from typing import Any

import pytest
from mmengine.config import Config

from argus.datasets.pascal_context import PascalContext
from argus.datasets.voc_colour import voc_colour
from argus.inference.task_info import Labels, categories_of, kind_of, labels_of

CONFIGS = Path(__file__).parents[2] / "configs"


def task_of(path: str) -> tuple[str, dict[str, Any]]:
    path, _, name = path.partition(":")
    tasks = Config.fromfile(CONFIGS / path).tasks
    name = name or next(iter(tasks))
    return name, tasks[name]


@pytest.mark.parametrize(
    ("path", "kind", "num_classes"),
    [
        ("stage1_5task.py:instance", "instances", 80),
        ("stage1_5task.py:keypoints", "keypoints", 17),
        ("stage1_5task.py:semantic", "semantic", 150),
        ("stage1_5task.py:classification", "classification", 1000),
        ("stage2/ade20k_panoptic.py", "panoptic", 150),
        ("stage2/ade20k_instance.py", "instances", 100),
        ("stage2/coco_mask_rcnn.py", "instances", 80),
        ("stage2/coco_co_detr.py", "instances", 80),
        ("stage2/nyuv2_semantic_13.py", "semantic", 13),
        ("stage2/nyuv2_depth.py", "depth", 0),
        ("stage2/nyuv2_normals.py", "normals", 0),
        ("stage2/nyuv2_boundary.py", "boundary", 0),
        ("stage2/pascal_parsing.py", "semantic", 7),
        ("stage2/pascal_saliency.py", "saliency", 0),
        ("stage2/mvtec_anomaly.py", "anomaly", 4),
        ("stage2/mvtec_anomaly_draem.py", "anomaly", 4),
    ],
)
def test_config__kind_and_labels(path: str, kind: str, num_classes: int) -> None:
    _, config = task_of(path)
    labels = labels_of(config)
    assert (kind_of(config["decoder"]), len(labels.classes)) == (kind, num_classes)
    assert labels.palette is None or len(labels.palette) == num_classes
    if kind in ("semantic", "panoptic", "instances"):
        assert labels.palette is not None


def test_keypoints__names_skeleton_and_mirror() -> None:
    labels = labels_of(task_of("stage1_5task.py:keypoints")[1])
    names = labels.classes
    assert names[:3] == ("nose", "left_eye", "right_eye")
    assert (15, 13) in labels.skeleton and len(labels.skeleton) == 19
    mirrored = [names[i] for i in labels.flip_indices]
    swapped = {"left": "right", "right": "left"}
    assert mirrored == ["_".join(swapped.get(w, w) for w in n.split("_")) for n in names]


def test_categories__only_where_there_is_a_choice() -> None:
    decoder = task_of("stage2/mvtec_anomaly.py")[1]["decoder"]
    assert categories_of(decoder) == tuple(decoder["categories"]) != ()
    assert categories_of({**decoder, "categories": ("screw",)}) == ()
    assert categories_of({**decoder, "joint": True}) == ()


@pytest.mark.parametrize(
    ("dataset", "expected"),
    [
        (dict(), Labels()),
        (
            dict(type=PascalContext, labels=["parsing"], metainfo=dict(classes=("a", "b"))),
            Labels(classes=("a", "b")),  # the colours of the other classes are not theirs
        ),
        (
            dict(
                type="RepeatDataset",
                dataset=dict(metainfo=dict(classes=["a"], palette=[[1, 2, 3]])),
            ),
            Labels(classes=("a",), palette=((1, 2, 3),)),
        ),
    ],
)
def test_labels__of_a_data_set(dataset: dict[str, Any], expected: Labels) -> None:
    assert labels_of(dict(val=dict(dataset=dataset))) == expected


def test_labels__palette_is_that_of_the_data_set() -> None:
    labels = labels_of(task_of("stage2/pascal_parsing.py")[1])
    assert labels.palette == tuple(voc_colour(i) for i in range(7))
    labels = labels_of(task_of("stage2/nyuv2_semantic.py")[1])
    assert labels.palette == tuple(voc_colour(i + 1) for i in range(40))
