"""How far the answers of an exported file are from those of the library, kind by kind.

A difference is never of raw bytes: what counts is what an application would see. Every function
takes the file's outputs for one picture by their part (``""`` where there is one) and the library's
result, and returns its measures by name; larger is worse.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Parts = Mapping[str, np.ndarray]
# Instances below this score are noise; a few of the best always count.
CONFIDENT = 0.3
LEAST_COMPARED = 3


def depth(found: Parts, expected: Any) -> dict[str, float]:
    """Metres."""
    difference = np.abs(found[""][0] - expected.metres)
    return {"max m": float(difference.max()), "mean m": float(difference.mean())}


def normals(found: Parts, expected: Any) -> dict[str, float]:
    """Angles. The chord gives small ones more exactly than the cosine."""
    chord = np.linalg.norm(found[""].transpose(1, 2, 0) - expected.vectors, axis=-1)
    degrees = np.degrees(2 * np.arcsin(np.clip(chord / 2, 0, 1)))
    return {
        "99 % degrees": float(np.percentile(degrees, 99)),
        "mean degrees": float(degrees.mean()),
    }


def probability(found: Parts, expected: Any) -> dict[str, float]:
    """Boundaries and saliency."""
    difference = np.abs(found[""][0] - expected.probability)
    return {"max": float(difference.max()), "mean": float(difference.mean())}


def semantic(found: Parts, expected: Any) -> dict[str, float]:
    """Pixels of another class."""
    return {"pixel share": float((found[""] != expected.labels).mean())}


def classification(found: Parts, expected: Any) -> dict[str, float]:
    """Probabilities."""
    return {"max": float(np.abs(found[""] - expected.probabilities).max())}


def panoptic(found: Parts, expected: Any) -> dict[str, float]:
    """Pixels of another segment; the number that a thing has does not count."""
    codes = np.asarray(expected.to_sample().pred_panoptic_seg.sem_seg)[0]
    pairs, areas = np.unique(
        np.stack([found[""].ravel(), codes.ravel()]), axis=1, return_counts=True
    )
    same = 0
    taken: set[tuple[str, int]] = set()
    for column in np.argsort(-areas, kind="stable"):
        ours, theirs = (int(code) for code in pairs[:, column])
        # mmdet's INSTANCE_OFFSET separates label and number.
        if ours % 1000 != theirs % 1000 or {("ours", ours), ("theirs", theirs)} & taken:
            continue
        taken |= {("ours", ours), ("theirs", theirs)}
        same += int(areas[column])
    return {"pixel share": 1 - same / codes.size}


def instances(found: Parts, expected: Any) -> dict[str, float]:
    """Every confident instance of the library beside its nearest in the file."""
    count = max(int((expected.scores >= CONFIDENT).sum()), LEAST_COMPARED)
    worst = {"score": 0.0, "box px": 0.0, "missing": 0.0}
    if "masks" in found:
        worst["mask 1 - IoU"] = 0.0
    for row in range(min(count, len(expected.scores))):
        same = np.flatnonzero(found["labels"] == expected.labels[row])
        if not len(same):
            worst["missing"] += 1
            continue
        scores = np.abs(found["scores"][same] - expected.scores[row])
        boxes = np.abs(found["boxes"][same] - expected.boxes[row]).max(-1)
        nearest = int(np.argmin(scores + boxes / max(expected.size)))
        measures = {"score": scores[nearest], "box px": boxes[nearest]}
        if "masks" in found:
            overlap = _iou(found["masks"][same[nearest]], expected.masks[row])
            measures["mask 1 - IoU"] = 1 - overlap
        for name, value in measures.items():
            worst[name] = max(worst[name], float(value))
    return worst


def anomaly(found: Parts, expected: Any) -> dict[str, float]:
    """Score and map, relative to their size where that is above one."""
    score, heat = found["scores"], found["maps"]
    scale = max(1.0, abs(expected.score))
    spread = max(1.0, float(np.abs(expected.heat).max()))
    return {
        "score": abs(float(score) - expected.score) / scale,
        "max": float(np.abs(heat - expected.heat).max()) / spread,
    }


def keypoints(found: Parts, expected: Any) -> dict[str, float]:
    """Places of the keypoints with a score; below it the maximum of a flat heatmap is anywhere."""
    sure = expected.keypoint_scores >= CONFIDENT
    distance = np.linalg.norm(found["points"] - expected.keypoints, axis=-1)[sure]
    scores = np.abs(found["scores"] - expected.keypoint_scores)
    return {"max px": float(distance.max(initial=0.0)), "score": float(scores.max())}


MEASURES: dict[str, Callable[[Parts, Any], dict[str, float]]] = {
    "anomaly": anomaly,
    "boundary": probability,
    "classification": classification,
    "depth": depth,
    "instances": instances,
    "keypoints": keypoints,
    "normals": normals,
    "panoptic": panoptic,
    "saliency": probability,
    "semantic": semantic,
}


def _iou(first: np.ndarray, second: np.ndarray) -> float:
    union = int((first | second).sum())
    return float((first & second).sum()) / union if union else 1.0
