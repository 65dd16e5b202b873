"""Answers of a released model beside those of the original, by the measures of exported files."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from argus.api import Argus
from argus.errors import CheckpointError
from argus.export.check import Differences, above
from argus.export.differences import MEASURES, Parts
from argus.export.tolerances import tolerances_of


def compare(original: Argus, released: Argus, images: Sequence[np.ndarray]) -> Differences:
    """The largest differences of the answers, by task and measure.

    Args:
        original: The model as it was trained.
        released: The same, read back from its release.
        images: RGB (H, W, 3) uint8; a pose is that of a person as large as the picture.

    Raises:
        CheckpointError: One is above its tolerance, that of an export in half precision.
    """
    worst: Differences = {}
    for task, info in original.tasks.items():
        own = worst.setdefault(task, {})
        for category in info.categories or (None,):
            for image in images:
                expected, found = (
                    _answer(model, task, image, category) for model in (original, released)
                )
                for name, value in MEASURES[info.kind](_parts(info.kind, found), expected).items():
                    own[name] = value if np.isnan(value) else max(own.get(name, 0.0), value)
    kinds = {task: info.kind for task, info in original.tasks.items()}
    wrong = above(worst, tolerances_of(kinds, "fp16", None))
    if wrong:
        raise CheckpointError(
            "in 16 bits the model does not give its answers, so nothing was written: "
            + "; ".join(wrong)
        )
    return worst


def _answer(model: Argus, task: str, image: np.ndarray, category: str | None) -> Any:
    height, width = image.shape[:2]
    is_pose = model.tasks[task].kind == "keypoints"
    prediction = model.predict(
        image,
        [task],
        boxes=np.array([[0.0, 0.0, width, height]]) if is_pose else None,
        category=category,
        score_threshold=0.0,
    )
    result = prediction[task]
    if not is_pose:
        return result
    return SimpleNamespace(keypoints=result.keypoints[0], keypoint_scores=result.keypoint_scores[0])


def _parts(kind: str, result: Any) -> Parts:
    """A result as an exported file would give it."""
    match kind:
        case "depth":
            return {"": result.metres[None]}
        case "normals":
            return {"": result.vectors.transpose(2, 0, 1)}
        case "boundary" | "saliency":
            return {"": result.probability[None]}
        case "semantic":
            return {"": result.labels}
        case "classification":
            return {"": result.probabilities}
        case "panoptic":
            return {"": np.asarray(result.to_sample().pred_panoptic_seg.sem_seg)[0]}
        case "anomaly":
            return {"scores": np.asarray(result.score), "maps": result.heat}
        case "keypoints":
            return {"points": result.keypoints, "scores": result.keypoint_scores}
    masks = {} if result.masks is None else {"masks": result.masks}
    return {"labels": result.labels, "scores": result.scores, "boxes": result.boxes, **masks}
