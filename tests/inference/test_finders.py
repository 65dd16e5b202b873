"""Which task finds the objects that keypoints are of, and which of its answers are taken."""

from pathlib import Path

import numpy as np
import pytest

from argus.errors import ConfigError
from argus.inference.predictor import Predictor
from argus.inference.request import Request, parse_request
from argus.inference.task_info import TaskInfo, labels_of
from argus.recipes import KeypointsTask
from argus.results import Instances
from tests.recipes.small_data import write_all


def infos(*found: TaskInfo) -> dict[str, TaskInfo]:
    return {info.name: info for info in found}


PEOPLE = TaskInfo(name="people", kind="instances", classes=("dog", "person"))
TOOLS = TaskInfo(name="tools", kind="instances", classes=("saw", "nail", "hand"))
POSES = TaskInfo(name="poses", kind="keypoints")
GRIPS = TaskInfo(name="grips", kind="keypoints", objects=("hand", "saw"))


def ask(model: dict[str, TaskInfo], tasks: list[str]) -> Request:
    return parse_request(
        model,
        tasks=tasks,
        size=None,
        batch_size=1,
        category=None,
        score_threshold=0.3,
        has_boxes=False,
    )


def test_finders__each_task_of_keypoints_has_its_own() -> None:
    model = infos(PEOPLE, TOOLS, POSES, GRIPS)
    assert ask(model, ["poses", "grips"]).finders == dict(poses="people", grips="tools")


def test_finders__what_is_missing_is_named() -> None:
    with pytest.raises(ConfigError, match="'poses' needs people: give boxes.*'person' too.*tools"):
        ask(infos(TOOLS, POSES), ["poses"])
    with pytest.raises(ConfigError, match="'grips' needs boxes of hand, saw: give.*'hand', 'saw'"):
        ask(infos(PEOPLE, GRIPS), ["grips"])


def test_objects__are_those_of_the_classes() -> None:
    boxes = np.array([[n, 0, n + 1, 1] for n in range(4)], np.float32)
    found = Instances(
        task="tools",
        size=(8, 8),
        boxes=boxes,
        scores=np.array([0.9, 0.8, 0.7, 0.6], np.float32),
        labels=np.array([2, 1, 0, 1]),
        classes=TOOLS.classes,
    )
    predictor = Predictor.__new__(Predictor)
    predictor.infos = infos(TOOLS, GRIPS)
    assert [one.box[0] for one in predictor._objects(0, found, "grips")] == [0, 2]


def test_own_keypoints__are_known_where_the_data_are_not(tmp_path: Path) -> None:
    data = write_all(tmp_path)["keypoints"]
    recipe = KeypointsTask(data=str(data), where="tasks.x", ask_backbone=lambda: pytest.fail("no"))
    for split in ("train", "val"):
        dataset = recipe.dataset(str(data), split, None)
        labels = labels_of(dict(val=dict(dataset=dataset | dict(data="nowhere"))))
        assert labels.classes == ("start", "end") and labels.objects == ("dent",)
        assert labels.skeleton == ((0, 1),) and labels.flip_indices == (0, 1)
