"""Batches of pictures to predictions: full frames first, then the people found in them."""

from collections.abc import Mapping, Sequence
from typing import Any

from argus.inference.enlarge import enlarge
from argus.inference.passes import Passes, Picture
from argus.inference.persons import Person, persons_from_boxes
from argus.inference.request import Request
from argus.inference.sizing import TASK_SIZE
from argus.inference.task_info import TaskInfo
from argus.results import Instances, Poses, Prediction, TaskResult, result_from_sample


class Predictor:
    """Answers requests about batches of pictures.

    Args:
        passes: Runs the model.
        infos: The tasks.
    """

    def __init__(self, passes: Passes, infos: Mapping[str, TaskInfo]) -> None:
        self.passes = passes
        self.infos = infos

    def predict(
        self, pictures: Sequence[Picture], request: Request, boxes: Sequence[Any] | None
    ) -> list[Prediction]:
        """Answers for a batch.

        Args:
            pictures: The batch.
            request: What is asked for.
            boxes: People per picture, (N, 4) xyxy pixels; ``None`` to look for them.

        Raises:
            DataError: Bad boxes.
        """
        names = [picture.name for picture in pictures]
        people = None if boxes is None else persons_from_boxes(boxes, names)
        poses = [name for name in request.tasks if self.infos[name].kind == "keypoints"]
        frames = [name for name in request.tasks if name not in poses]
        frames += [task for task in dict.fromkeys(request.finders.values()) if task not in frames]
        found: list[dict[str, TaskResult]] = [{} for _ in pictures]

        def consume(task: str, row: int, samples: list[Any]) -> None:
            found[row][task] = self._result(task, pictures[row], samples, request)

        self.passes.run(
            self.passes.plan(frames, request.sizes),
            pictures,
            consume,
            meta={name: dict(category=request.category) for name in self._with_category(request)},
        )
        for task in poses:
            exact = request.sizes[task] == TASK_SIZE
            objects = people
            if objects is None:
                objects = [
                    one
                    for row, results in enumerate(found)
                    for one in self._objects(row, results[request.finders[task]], task)
                ]
            self.passes.run_persons(task, pictures, objects, consume, exact=exact)
        return [
            Prediction(
                source=picture.name,
                image=picture.image,
                results={task: results[task] for task in request.tasks},
            )
            for picture, results in zip(pictures, found, strict=True)
        ]

    def _result(
        self, task: str, picture: Picture, samples: list[Any], request: Request
    ) -> TaskResult:
        info = self.infos[task]
        skeleton = info.skeleton or None
        if not samples:
            return Poses.empty(
                task=task, size=picture.size, classes=info.classes, skeleton=skeleton
            )
        result = result_from_sample(
            samples if info.kind == "keypoints" else samples[0],
            task=task,
            classes=info.classes,
            palette=info.palette,
            # People were chosen by their boxes.
            score_threshold=0.0 if info.kind == "keypoints" else request.score_threshold,
            skeleton=skeleton,
        )
        return enlarge(result, picture.size)

    def _with_category(self, request: Request) -> list[str]:
        return [name for name in request.tasks if self.infos[name].categories]

    def _objects(self, row: int, instances: TaskResult, task: str) -> list[Person]:
        """Those found in a picture that have the keypoints of a task."""
        assert isinstance(instances, Instances)
        wanted = self.infos[task].objects
        labels = [label for label, name in enumerate(instances.classes) if name in wanted]
        return [
            Person(row, box, float(score))
            for box, score, found in zip(
                instances.boxes, instances.scores, instances.labels, strict=True
            )
            if found in labels
        ]
