"""A model without a network: its answers are simple functions of the picture."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import nn

from argus.errors import ConfigError
from argus.results.anomaly import Anomaly
from argus.results.base import TaskResult
from argus.results.classification import Classification
from argus.results.depth import DepthMap
from argus.results.instances import Instances
from argus.results.normals import NormalMap
from argus.results.panoptic import PanopticMap, Segment
from argus.results.poses import Poses
from argus.results.prediction import Prediction
from argus.results.saliency import Saliency
from argus.results.semantic import SemanticMap

CLASSES = ("cat", "dog <b>")


@dataclass(frozen=True)
class FakeTask:
    kind: str
    classes: tuple[str, ...] = ()
    licence: str = "none"
    categories: tuple[str, ...] = ()


def depth(image: np.ndarray) -> np.ndarray:
    """Metres (H, W): from 1 at the left edge to 3 at the right."""
    height, width = image.shape[:2]
    return np.broadcast_to(np.linspace(1, 3, width, dtype=np.float32), (height, width)).copy()


def answer(task: str, image: np.ndarray) -> TaskResult:
    height, width = image.shape[:2]
    common: dict[str, Any] = dict(task=task, size=(height, width))
    left = np.zeros((height, width), bool)
    left[:, : width // 2] = True
    grey = (image.mean(axis=2) / 255).astype(np.float32)
    up = np.zeros((height, width, 3), np.float32)
    up[..., 1] = 1
    match task:
        case "depth":
            return DepthMap(metres=depth(image), **common)
        case "saliency":
            return Saliency(probability=grey, **common)
        case "anomaly":
            return Anomaly(score=0.75, heat=grey, category="dice", **common)
        case "normals":
            return NormalMap(vectors=up, **common)
        case "semantic":
            labels = np.where(left, 0, 1).astype(np.uint8)
            return SemanticMap(labels=labels, classes=CLASSES, **common)
        case "classification":
            return Classification(probabilities=np.float32([0.25, 0.75]), classes=CLASSES, **common)
        case "panoptic":
            segment = Segment(
                id=1, label=0, name="cat", is_thing=True, score=None, area=int(left.sum())
            )
            return PanopticMap(
                segment_ids=left.astype(np.int32), segments=(segment,), classes=CLASSES, **common
            )
        case "instance":
            box = np.float32([[0, 0, width // 2, height]])
            return Instances(
                boxes=box,
                scores=np.float32([0.875]),
                labels=np.int64([1]),
                masks=left[None],
                classes=CLASSES,
                **common,
            )
        case "keypoints":
            return Poses(
                keypoints=np.float32([[[width / 4, height / 2]]]),
                keypoint_scores=np.float32([[0.5]]),
                boxes=np.float32([[0, 0, width, height]]),
                scores=np.float32([1]),
                classes=("nose",),
                **common,
            )
    raise AssertionError(task)


class Pause(nn.Module):
    """A layer that takes a hundredth of the model's time."""

    def forward(self, seconds: float) -> float:
        time.sleep(seconds / 100)
        return seconds


class FakeModel:
    """The interface of ``Argus`` that the page uses.

    Attributes:
        seconds: A prediction takes.
        num_begun: Predictions of all fakes.
    """

    seconds = 0.0
    num_begun = 0

    def __init__(self, *tasks: str) -> None:
        self.model = nn.Sequential(*(Pause() for _ in range(100)))
        kinds = dict(instance="instances", anomaly="anomaly")
        self.tasks = {task: FakeTask(kinds.get(task, task)) for task in tasks}

    def predict(
        self,
        image: np.ndarray,
        tasks: Any = "all",
        *,
        size: Any = None,
        category: str | None = None,
        score_threshold: float = 0.3,
    ) -> Prediction:
        FakeModel.num_begun += 1
        if self.seconds:
            self.model(self.seconds)
        names = list(self.tasks) if tasks == "all" else list(tasks)
        for name in names:
            if name not in self.tasks:
                raise ConfigError(f"unknown task {name!r}; there are {', '.join(self.tasks)}")
        results = {name: answer(name, image) for name in names}
        return Prediction(source="image 0", image=image, results=results)
