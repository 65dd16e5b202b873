"""Run an exported file and the library on the same pictures."""

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from argus.api import Argus
from argus.export.differences import MEASURES
from argus.export.heads.anomaly import AnomalyExport
from argus.export.heads.base import ExportHead
from argus.export.heads.keypoints import KeypointsExport
from argus.export.options import ExportOptions
from argus.export.plan import GraphPlan
from argus.inference.passes import NETWORK_LOCK

Runner = Callable[[np.ndarray], dict[str, np.ndarray]]
Differences = dict[str, dict[str, float]]


def measure(
    runner: Runner,
    plan: GraphPlan,
    model: Argus,
    images: np.ndarray,
    options: ExportOptions,
) -> Differences:
    """The largest differences between the file and ``model.predict``.

    With a batch of any size the first picture goes alone, and the others together.

    Args:
        runner: The file.
        plan: Of the graph in it.
        model: In float32.
        images: (N, H, W, 3) uint8, of the size of the graph.
        options: How the file was written.

    Returns:
        Measures by task; larger is worse.
    """
    inputs = np.ascontiguousarray(images.transpose(0, 3, 1, 2)).astype(options.input_dtype)
    cuts = (
        [0, 1, len(inputs)] if options.dynamic_batch and len(inputs) > 1 else range(len(inputs) + 1)
    )
    parts = [runner(inputs[a:b]) for a, b in zip(cuts, list(cuts)[1:], strict=False)]
    found = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    worst: Differences = {}
    for head in plan.heads:
        kind = model.tasks[head.task].kind
        own = worst.setdefault(head.task, {})
        for outputs, expected in _pairs(head, found, model, images, plan):
            for name, value in MEASURES[kind](outputs, expected).items():
                # A NaN stays: it is above every tolerance.
                own[name] = value if np.isnan(value) else max(own.get(name, 0.0), value)
    return worst


def above(differences: Differences, tolerances: Mapping[str, Mapping[str, float]]) -> list[str]:
    """What is above its tolerance, in words; empty if nothing is."""
    return [
        f"{task}: {name} {value:.3g}, at most {tolerances[task][name]:.3g}"
        for task, measures in differences.items()
        for name, value in measures.items()
        if not value <= tolerances[task][name]
    ]


def _pairs(
    head: ExportHead,
    found: Mapping[str, np.ndarray],
    model: Argus,
    images: np.ndarray,
    plan: GraphPlan,
) -> Any:
    """The file's outputs for a picture by part, and the library's result."""
    parts = {
        output.name.removeprefix(head.task).removeprefix("_"): found[output.name]
        for output in head.outputs()
    }
    if isinstance(head, KeypointsExport):
        expected: Any = _poses(head, model, images, plan)
        yield from ((_row(parts, row), answer) for row, answer in enumerate(expected))
        return
    if isinstance(head, AnomalyExport):
        for column, category in enumerate(head.categories):
            named = {name: array[:, column] for name, array in parts.items()}
            category_of_head = None if head.decoder.joint else category
            expected = _predict(model, head.task, images, category=category_of_head)
            yield from ((_row(named, row), answer) for row, answer in enumerate(expected))
        return
    for row, answer in enumerate(_predict(model, head.task, images)):
        yield _row(parts, row), answer


def _predict(
    model: Argus, task: str, images: np.ndarray, *, category: str | None = None
) -> list[Any]:
    # The short side of the pictures themselves: nothing is resized, nothing padded.
    predictions = model.predict(
        list(images), [task], size=min(images.shape[1:3]), category=category, score_threshold=0.0
    )
    return [prediction[task] for prediction in predictions]


def _poses(head: KeypointsExport, model: Argus, images: np.ndarray, plan: GraphPlan) -> list[Any]:
    """What mmpose's codec reads off the heatmaps of crops; ``predict`` takes whole pictures."""
    decoder = head.decoder
    with NETWORK_LOCK, torch.inference_mode():
        pixels = plan.normaliser(list(images), divisor=1, device=model.device)
        maps = model.model.features(pixels)
        found = decoder.head.predict(decoder.extract_feat(maps), [], test_cfg={})
    return [
        SimpleNamespace(keypoints=one.keypoints[0], keypoint_scores=one.keypoint_scores[0])
        for one in found
    ]


def _row(parts: Mapping[str, np.ndarray], row: int) -> dict[str, np.ndarray]:
    return {name: array[row] for name, array in parts.items()}
