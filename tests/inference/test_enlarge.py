"""Answers for a large picture from those for a smaller copy of it."""

import numpy as np
import pytest

from argus.inference.enlarge import answer_size, enlarge
from argus.results import (
    Anomaly,
    Classification,
    DepthMap,
    Instances,
    NormalMap,
    PanopticMap,
    Saliency,
    Segment,
    SemanticMap,
)

SMALL, LARGE = (8, 12), (24, 36)
COMMON = dict(task="toy", size=SMALL)


def blocks(array: np.ndarray) -> np.ndarray:
    return array.repeat(3, axis=0).repeat(3, axis=1)


@pytest.mark.parametrize(
    ("size", "expected"), [((10, 20), (10, 20)), ((20, 40), (10, 20)), ((1, 10000), (1, 1414))]
)
def test_answer_size__has_at_most_the_pixels(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    found = answer_size(size, 200)
    assert found == expected


def test_labels__every_pixel_becomes_a_block() -> None:
    labels = np.random.default_rng(0).integers(0, 5, SMALL)
    found = enlarge(SemanticMap(labels=labels, **COMMON), LARGE)
    np.testing.assert_array_equal(found.labels, blocks(labels))
    assert found.size == LARGE and found.labels.dtype == labels.dtype


def test_panoptic__areas_are_those_of_the_large_picture() -> None:
    ids = np.zeros(SMALL, np.int32)
    ids[:4, :6] = 1
    segment = Segment(id=1, label=0, name="cat", is_thing=True, score=None, area=24)
    found = enlarge(
        PanopticMap(segment_ids=ids, segments=(segment,), classes=("cat",), **COMMON), LARGE
    )
    np.testing.assert_array_equal(found.segment_ids, blocks(ids))
    assert [s.area for s in found.segments] == [24 * 9]


def test_instances__boxes_and_masks_fit_each_other() -> None:
    mask = np.zeros((1, *SMALL), bool)
    mask[0, 2:6, 3:9] = True
    small = Instances(
        boxes=np.array([[3, 2, 9, 6]], np.float32),
        scores=np.ones(1, np.float32),
        labels=np.zeros(1, np.int64),
        masks=mask,
        **COMMON,
    )
    found = enlarge(small, LARGE)
    np.testing.assert_allclose(found.boxes, [[9, 6, 27, 18]])
    rows, columns = np.where(found.masks[0])
    assert (rows.min(), rows.max() + 1, columns.min(), columns.max() + 1) == (6, 18, 9, 27)
    assert found.masks.dtype == bool and found.scores is small.scores


def test_maps__are_linear_in_between() -> None:
    ramp = np.broadcast_to(np.arange(12, dtype=np.float32), SMALL).copy()
    inside = slice(2, -2)
    expected = ((np.arange(36) + 0.5) / 3 - 0.5)[inside]
    for small, name in (
        (DepthMap(metres=ramp, **COMMON), "metres"),
        (Saliency(probability=ramp / 12, **COMMON), "probability"),
        (Anomaly(score=0.5, heat=ramp, category="dice", **COMMON), "heat"),
    ):
        found = getattr(enlarge(small, LARGE), name)
        scale = 12 if name == "probability" else 1
        np.testing.assert_allclose(found[5, inside] * scale, expected, atol=1e-4)


def test_normals__stay_unit_vectors() -> None:
    vectors = np.random.default_rng(0).normal(size=(*SMALL, 3)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
    found = enlarge(NormalMap(vectors=vectors, **COMMON), LARGE)
    np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=-1), 1, atol=1e-5)


def test_classification__changes_its_size_alone() -> None:
    small = Classification(probabilities=np.array([0.2, 0.8], np.float32), **COMMON)
    found = enlarge(small, LARGE)
    assert found.size == LARGE and found.probabilities is small.probabilities
    assert enlarge(small, SMALL) is small
