"""What a model's manifest says of the tasks of the full-size configs."""

import json
from pathlib import Path
from typing import Any

import pytest
from mmengine.config import Config

from argus.model_files.manifest import describe_task

CONFIGS = Path(__file__).parents[2] / "configs"
MEAN = [123.675, 116.28, 103.53]


@pytest.mark.parametrize(
    ("path", "task", "num_classes"),
    [
        ("stage1_5task.py", "instance", 80),
        ("stage1_5task.py", "semantic", 150),
        ("stage1_5task.py", "classification", 1000),
        ("stage2/nyuv2_semantic.py", "nyuv2_semantic", 40),
        ("stage2/nyuv2_semantic_13.py", "nyuv2_semantic", 13),
        ("stage2/nyuv2_depth.py", "depth", 0),
        ("stage2/pascal_parsing.py", "parsing", 7),
        ("stage2/mvtec_anomaly.py", "anomaly", 4),
        ("stage2/ade20k_panoptic.py", "panoptic", 150),
    ],
)
def test_describe__classes_normalisation_and_licence(
    path: str, task: str, num_classes: int
) -> None:
    described = describe_task(Config.fromfile(CONFIGS / path).tasks[task])
    assert len(described["classes"]) == num_classes
    assert described["input"]["mean"] == MEAN and described["input"]["order"] == "RGB"
    assert described["licence"] and described["paper"]


def test_describe__sizes_of_the_test_pipeline() -> None:
    config = Config.fromfile(CONFIGS / "stage1_5task.py")
    assert describe_task(config.tasks["semantic"])["input"]["sizes"] == ["Resize 2048x512"]


@pytest.mark.parametrize(
    ("path", "task", "expected"),
    [
        (
            "stage1_5task.py",
            "semantic",
            dict(kind="semantic", skeleton=[], categories=[]),
        ),
        ("stage1_5task.py", "keypoints", dict(kind="keypoints", palette=None)),
        ("stage2/nyuv2_depth.py", "depth", dict(kind="depth", classes=[], palette=None)),
        (
            "stage2/mvtec_anomaly.py",
            "anomaly",
            dict(kind="anomaly", categories=["transistor", "metal_nut", "screw", "leather"]),
        ),
    ],
)
def test_describe__what_a_program_needs(path: str, task: str, expected: dict[str, Any]) -> None:
    described = describe_task(Config.fromfile(CONFIGS / path).tasks[task])
    assert described == {**described, **expected}
    assert json.loads(json.dumps(described)) == described


def test_describe__colours_keypoints_and_size() -> None:
    tasks = Config.fromfile(CONFIGS / "stage1_5task.py").tasks
    semantic, keypoints = describe_task(tasks["semantic"]), describe_task(tasks["keypoints"])
    assert len(semantic["palette"]) == 150 and semantic["input"]["rule"] == "within 2048x512"
    assert keypoints["classes"][0] == "nose" and [15, 13] in keypoints["skeleton"]
