"""Answers for a large picture from those for a smaller copy of it.

A decoder makes a map of the answer's size per class or object: for a photo of 12 megapixels and 150
classes 7 GB. Such pictures are answered at a smaller size, no smaller than networks see them at,
and the answers are enlarged.
"""

import dataclasses
from typing import Any

import cv2
import numpy as np

from argus.results import (
    Anomaly,
    DepthMap,
    Instances,
    NormalMap,
    PanopticMap,
    ProbabilityMap,
    SemanticMap,
    TaskResult,
)

Size = tuple[int, int]


def answer_size(size: Size, max_pixels: int) -> Size:
    """(height, width) that a picture is answered at: its own, or that of a smaller copy."""
    height, width = size
    if height * width <= max_pixels:
        return size
    scale = (max_pixels / (height * width)) ** 0.5
    return max(int(height * scale), 1), max(int(width * scale), 1)


def enlarge(result: TaskResult, size: Size) -> TaskResult:
    """The answer for the picture of ``size`` (height, width).

    Values are interpolated linearly, labels taken from the nearest pixel; the outline of a mask is
    where it is half covered.
    """
    if result.size == size:
        return result
    changes: dict[str, Any] = dict(size=size)
    if isinstance(result, Instances):
        factor = np.array([size[1] / result.size[1], size[0] / result.size[0]] * 2, np.float32)
        changes["boxes"] = result.boxes * factor
        if result.masks is not None:
            changes["masks"] = _masks(result.masks, size)
    elif isinstance(result, SemanticMap):
        changes["labels"] = _nearest(result.labels, size)
    elif isinstance(result, PanopticMap):
        ids = _nearest(result.segment_ids, size)
        areas = dict(zip(*np.unique(ids, return_counts=True), strict=True))
        changes["segment_ids"] = ids
        changes["segments"] = tuple(
            dataclasses.replace(segment, area=int(areas.get(segment.id, 0)))
            for segment in result.segments
        )
    elif isinstance(result, DepthMap):
        changes["metres"] = _linear(result.metres, size)
    elif isinstance(result, NormalMap):
        vectors = _linear(result.vectors, size)
        length = np.sqrt(np.einsum("hwc,hwc->hw", vectors, vectors))
        changes["vectors"] = vectors / np.maximum(length, 1e-6)[..., None]
    elif isinstance(result, ProbabilityMap):
        changes["probability"] = _linear(result.probability, size)
    elif isinstance(result, Anomaly):
        changes["heat"] = _linear(result.heat, size)
    return dataclasses.replace(result, **changes)


def _linear(array: np.ndarray, size: Size) -> np.ndarray:
    return cv2.resize(array, size[::-1], interpolation=cv2.INTER_LINEAR)


def _nearest(labels: np.ndarray, size: Size) -> np.ndarray:
    """Labels (h, w) of the pixel whose area holds the centre of each new one."""
    rows, columns = (
        ((np.arange(new) + 0.5) * old / new).astype(np.int64)
        for new, old in zip(size, labels.shape, strict=True)
    )
    return labels[rows[:, None], columns]


def _masks(masks: np.ndarray, size: Size) -> np.ndarray:
    enlarged = np.zeros((len(masks), *size), bool)
    for mask, one in zip(masks, enlarged, strict=True):
        one[...] = _linear(mask.astype(np.uint8) * np.uint8(255), size) > 127
    return enlarged
