"""Poses: the keypoints of people or other articulated objects."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from argus.results.base import TaskResult, common_fields, require
from argus.results.encoding import number, numbers
from argus.visualization import render
from argus.visualization.keypoints import COCO_KEYPOINTS, COCO_SKELETON
from argus.visualization.palette import RGB
from argus.visualization.sample_arrays import to_array

Skeleton = tuple[tuple[int, int], ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Poses(TaskResult):
    """Poses of one image.

    ``classes`` are the names of the keypoints. In :meth:`to_dict`: ``skeleton``, pairs of keypoint
    indices, and ``persons``, a list of dicts with ``score``, ``box`` [x0, y0, x1, y1] in pixels and
    ``keypoints``, a list of dicts with ``name``, ``x``, ``y`` in pixels and ``score``.

    Args:
        keypoints: ``(N, K, 2)`` float32, x y in pixels.
        keypoint_scores: ``(N, K)`` float32.
        boxes: ``(N, 4)`` float32, x0 y0 x1 y1 in pixels: the persons that were looked at.
        scores: ``(N,)`` float32 of the persons.
        skeleton: Pairs of keypoint indices that a limb connects.
    """

    kind: ClassVar[str] = "keypoints"

    keypoints: np.ndarray
    keypoint_scores: np.ndarray
    boxes: np.ndarray
    scores: np.ndarray
    skeleton: Skeleton = ()

    def __post_init__(self) -> None:
        """Check that there is one of everything per person."""
        persons, joints = self.keypoint_scores.shape
        assert self.keypoints.shape == (persons, joints, 2), self.keypoints.shape
        assert self.boxes.shape == (persons, 4), self.boxes.shape
        assert self.scores.shape == (persons,), self.scores.shape

    @classmethod
    def from_sample(
        cls,
        sample: Any,
        *,
        task: str,
        classes: Sequence[str],
        palette: Sequence[RGB] | None = None,
        score_threshold: float = 0.0,
        skeleton: Sequence[tuple[int, int]] | None = None,
    ) -> "Poses":
        """See the base class; of mmpose's ``PoseDataSample``, or of all those of one image.

        Args:
            sample: One sample, or a list with one or more persons each.
            task: Name of the task.
            classes: Names of the keypoints.
            palette: Not used; the sides of the body have colours.
            score_threshold: Persons with a lower score are left out, not keypoints.
            skeleton: Pairs of keypoint indices; ``None`` for COCO's if there are 17 keypoints.
        """
        samples = list(sample) if isinstance(sample, (list, tuple)) else [sample]
        assert samples, "no sample: use Poses.empty for an image without people"
        fields = common_fields(samples[0], task=task, classes=classes, palette=palette)
        people = [_people(single, task) for single in samples]
        keypoints, keypoint_scores, boxes, scores = (
            np.concatenate(parts).astype(np.float32) for parts in zip(*people, strict=True)
        )
        kept = scores >= score_threshold
        return cls(
            keypoints=keypoints[kept],
            keypoint_scores=keypoint_scores[kept],
            boxes=boxes[kept],
            scores=scores[kept],
            skeleton=_skeleton(skeleton, keypoints.shape[1]),
            **fields,
        )

    @classmethod
    def empty(
        cls,
        *,
        task: str,
        size: tuple[int, int],
        classes: Sequence[str],
        skeleton: Sequence[tuple[int, int]] | None = None,
    ) -> "Poses":
        """The answer for an image without people."""
        return cls(
            task=task,
            size=size,
            classes=tuple(classes),
            keypoints=np.zeros((0, len(classes), 2), np.float32),
            keypoint_scores=np.zeros((0, len(classes)), np.float32),
            boxes=np.zeros((0, 4), np.float32),
            scores=np.zeros(0, np.float32),
            skeleton=_skeleton(skeleton, len(classes)),
        )

    def to_sample(self) -> Any:
        """An mmpose ``PoseDataSample`` with all persons in ``pred_instances``, as arrays.

        mmpose's ``CocoMetric`` counts one person per sample ``id``; :meth:`to_coco` has no such
        limit.
        """
        from mmengine.structures import InstanceData
        from mmpose.structures import PoseDataSample

        sample = PoseDataSample(metainfo=dict(ori_shape=self.size))
        sample.pred_instances = InstanceData(
            keypoints=self.keypoints,
            keypoint_scores=self.keypoint_scores,
            bboxes=self.boxes,
            bbox_scores=self.scores,
        )
        return sample

    def draw(
        self,
        image_rgb: np.ndarray,
        *,
        score_threshold: float = 0.3,
        palette: Sequence[RGB] | None = None,
    ) -> np.ndarray:
        """Draw the skeletons; keypoints with a lower score than the threshold are not shown.

        Args:
            image_rgb: As in the base class.
            score_threshold: Least score of a keypoint.
            palette: Not used; the sides of the body have colours.
        """
        return render(
            image_rgb,
            self.to_sample(),
            kind=self.kind,
            classes=self.classes,
            skeleton=self.skeleton,
            score_threshold=score_threshold,
        )

    @property
    def keypoint_names(self) -> tuple[str, ...]:
        """Names of the keypoints by index; COCO's or numbers if the task has none."""
        count = self.keypoints.shape[1]
        if len(self.classes) == count:
            return self.classes
        coco = COCO_KEYPOINTS
        return coco if len(coco) == count else tuple(f"keypoint {i}" for i in range(count))

    def __len__(self) -> int:
        """Number of persons."""
        return len(self.keypoints)

    def to_coco(
        self, image_id: int | str, category_id: int | str = 1, *, order: Sequence[int] | None = None
    ) -> list[dict[str, Any]]:
        """Results as COCO's keypoint evaluation reads them.

        Args:
            image_id: Id of the image in the data set.
            category_id: 1 is a person in COCO.
            order: The keypoints in the order that the data set has them; ``None`` for the own.

        Returns:
            Dicts with ``image_id``, ``category_id``, ``keypoints`` [x, y, score] times K, ``bbox``
            [x, y, width, height] and ``score``, the person's: mmpose's metric multiplies it by the
            mean score of the keypoints above a threshold.
        """
        triples = np.concatenate([self.keypoints, self.keypoint_scores[..., None]], axis=2)
        if order is not None:
            triples = triples[:, list(order)]
        extents = self.boxes.astype(np.float64)
        extents = np.concatenate([extents[:, :2], extents[:, 2:] - extents[:, :2]], axis=1)
        return [
            dict(
                image_id=image_id,
                category_id=category_id,
                keypoints=person.astype(np.float64).ravel().tolist(),
                bbox=box.tolist(),
                score=float(score),
            )
            for person, box, score in zip(triples, extents, self.scores, strict=True)
        ]

    def arrays(self) -> dict[str, np.ndarray]:
        """``keypoints``, ``keypoint_scores``, ``boxes`` and ``scores``."""
        return dict(
            keypoints=self.keypoints,
            keypoint_scores=self.keypoint_scores,
            boxes=self.boxes,
            scores=self.scores,
        )

    def _content(self, arrays: str) -> dict[str, Any]:
        persons = []
        for index in range(len(self)):
            joints = zip(
                self.keypoint_names, self.keypoints[index], self.keypoint_scores[index], strict=True
            )
            keypoints = [
                dict(name=name, x=number(x), y=number(y), score=number(score))
                for name, (x, y), score in joints
            ]
            box, score = numbers(self.boxes[index]), number(self.scores[index])
            persons.append(dict(score=score, box=box, keypoints=keypoints))
        return dict(skeleton=[list(pair) for pair in self.skeleton], persons=persons)


def _people(sample: Any, task: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Keypoints, their scores, boxes and scores of the persons of one sample."""
    found = require(sample, "pred_instances", task)
    keypoints = to_array(found.keypoints)[..., :2]
    keypoint_scores = to_array(found.keypoint_scores)
    truth = sample.get("gt_instances")
    # A top-down estimator got its boxes, with their scores, as if they were labels.
    sources = [found] if truth is None else [found, truth]
    boxes = next((to_array(s.bboxes) for s in sources if "bboxes" in s), None)
    if boxes is None:
        boxes = np.concatenate([keypoints.min(axis=1), keypoints.max(axis=1)], axis=1)
    scores = next((to_array(s.bbox_scores) for s in sources if "bbox_scores" in s), None)
    if scores is None:
        scores = keypoint_scores.mean(axis=1)
    return keypoints, keypoint_scores, boxes, scores


def _skeleton(pairs: Sequence[tuple[int, int]] | None, num_keypoints: int) -> Skeleton:
    if pairs is None:
        return COCO_SKELETON if num_keypoints == len(COCO_KEYPOINTS) else ()
    return tuple((int(a), int(b)) for a, b in pairs)
