"""What a model's manifest says of the tasks of the full-size configs."""

from pathlib import Path

import pytest
from mmengine.config import Config

from argus.apis.manifest import describe_task

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
