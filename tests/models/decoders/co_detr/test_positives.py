"""Assignments to queries, against a loop over boxes in NumPy."""

import numpy as np
import pytest
import torch
from mmdet.models.task_modules.assigners import AssignResult
from mmdet.models.task_modules.samplers import SamplingResult

from argus.models.decoders.co_detr.positives import (
    BOX_EPSILON,
    MIN_QUERIES,
    PositiveQueries,
    collect_positives,
)

NUM_CLASSES = 5
SHAPES = [(60, 100), (80, 50)]


def sampling(num_objects: int, num_positives: int, num_negatives: int, seed: int) -> SamplingResult:
    """Random boxes, the first ``num_positives`` of them assigned to random objects."""
    generator = torch.Generator().manual_seed(seed)

    def boxes(count: int) -> torch.Tensor:
        corner = torch.rand(count, 2, generator=generator) * 60 - 20
        return torch.cat([corner, corner + 5 + 90 * torch.rand(count, 2, generator=generator)], 1)

    priors, objects = boxes(num_positives + num_negatives), boxes(num_objects)
    assigned = torch.zeros(len(priors), dtype=torch.long)
    labels = torch.full((len(priors),), -1)
    if num_positives:
        index = torch.randint(num_objects, (num_positives,), generator=generator)
        assigned[:num_positives] = index + 1
        labels[:num_positives] = torch.randint(NUM_CLASSES, (num_objects,))[index]
    everything = torch.arange(len(priors))
    return SamplingResult(
        everything[:num_positives],
        everything[num_positives:],
        priors,
        objects,
        AssignResult(num_objects, assigned, None, labels=labels),
        torch.zeros(len(priors), dtype=torch.uint8),
    )


def to_query(box: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Box xyxy in pixels as centre and size, shares of the image."""
    height, width = shape
    x0, y0, x1, y1 = box
    return np.array(
        [(x0 + x1) / 2 / width, (y0 + y1) / 2 / height, (x1 - x0) / width, (y1 - y0) / height]
    )


def expected_positives(result: SamplingResult, shape: tuple[int, int]) -> set[tuple]:
    rows = set()
    for prior, label, target in zip(
        result.pos_priors.numpy(),
        result.pos_gt_labels.numpy(),
        result.pos_gt_bboxes.numpy(),
        strict=True,
    ):
        start = to_query(prior, shape).clip(BOX_EPSILON, 1 - BOX_EPSILON)
        rows.add((*start.round(4), int(label), *to_query(target, shape).round(4)))
    return rows


def found_positives(queries: PositiveQueries, image: int) -> list[tuple]:
    rows = []
    for box, label, target in zip(
        queries.boxes[image].numpy().astype(float),
        queries.labels[image].numpy(),
        queries.targets[image].numpy().astype(float),
        strict=True,
    ):
        if label < NUM_CLASSES:
            rows.append((*box.round(4), int(label), *target.round(4)))
    return rows


def close(found: list[tuple], expected: set[tuple]) -> bool:
    """Equality of the two sets up to rounding."""
    distances = np.abs(np.array(found)[:, None] - np.array(sorted(expected))[None]).max(-1)
    return bool((distances.min(1) < 2e-4).all() and len(set(distances.argmin(1))) == len(found))


def collect(results: list[SamplingResult], max_queries: int = 300) -> PositiveQueries:
    torch.manual_seed(0)
    return collect_positives(results, SHAPES, num_classes=NUM_CLASSES, max_queries=max_queries)


def test_collect__all_positives_and_negatives_to_fill() -> None:
    results = [sampling(3, 14, 40, seed=1), sampling(2, 4, 40, seed=2)]
    queries = collect(results)
    assert queries.boxes.shape == queries.targets.shape == (2, 14, 4)
    assert queries.is_counted.all()
    for image, (result, shape) in enumerate(zip(results, SHAPES, strict=True)):
        found = found_positives(queries, image)
        assert len(found) == result.num_pos
        assert close(found, expected_positives(result, shape))
    negatives = queries.boxes[1, 4:].numpy()
    candidates = np.stack([to_query(x, SHAPES[1]) for x in results[1].neg_priors.numpy()])
    candidates = candidates.clip(BOX_EPSILON, 1 - BOX_EPSILON)
    matches = np.abs(negatives[:, None] - candidates[None]).max(-1)
    assert (matches.min(1) < 1e-5).all()
    assert len(set(matches.argmin(1))) == 10  # each drawn once
    assert (queries.labels[1, 4:] == NUM_CLASSES).all() and not queries.targets[1, 4:].any()


def test_collect__more_positives_than_queries() -> None:
    results = [sampling(3, 30, 10, seed=1), sampling(2, 8, 40, seed=2)]
    queries = collect(results, max_queries=12)
    assert queries.boxes.shape == (2, 12, 4)
    found = found_positives(queries, 0)
    assert len(found) == 12 and close(found, expected_positives(results[0], SHAPES[0]))
    torch.manual_seed(1)
    other = collect_positives(results, SHAPES, num_classes=NUM_CLASSES, max_queries=12)
    assert not torch.equal(queries.boxes[0], other.boxes[0])  # another draw


def test_collect__too_few_boxes_count_nothing() -> None:
    queries = collect([sampling(1, 3, 0, seed=1), sampling(0, 0, 2, seed=2)])
    assert queries.boxes.shape == (2, MIN_QUERIES, 4)
    assert queries.is_counted.sum(1).tolist() == [3, 2]
    assert (queries.boxes >= BOX_EPSILON).all() and (queries.boxes <= 1 - BOX_EPSILON).all()
    labels, label_weights, _, box_weights, num_positives, num_negatives = queries.as_targets()
    assert (num_positives, num_negatives) == (3, 2)
    assert [int(weight.sum()) for weight in label_weights] == [3, 2]
    assert [int(weight.sum()) for weight in box_weights] == [3 * 4, 0]
    assert all((row[:3] < NUM_CLASSES).all() == (i == 0) for i, row in enumerate(labels))


@pytest.mark.parametrize("max_queries", [4, 300])
def test_targets__weights_are_those_of_the_positives(max_queries: int) -> None:
    results = [sampling(3, 14, 40, seed=1), sampling(2, 4, 40, seed=2)]
    queries = collect(results, max_queries)
    labels, label_weights, targets, box_weights, num_positives, num_negatives = queries.as_targets()
    length = max(MIN_QUERIES, min(14, max_queries))
    assert num_positives == min(14, length) + 4
    assert num_positives + num_negatives == 2 * length
    for label, label_weight, target, box_weight in zip(
        labels, label_weights, targets, box_weights, strict=True
    ):
        assert label_weight.eq(1).all()
        positive = label < NUM_CLASSES
        assert torch.equal(box_weight, positive[:, None].expand(-1, 4).float())
        assert target[positive].any(1).all() and not target[~positive].any()


def test_collect__boxes_carry_no_gradient() -> None:
    result = sampling(2, 4, 10, seed=1)
    result.pos_priors.requires_grad_()
    result.neg_priors.requires_grad_()
    queries = collect_positives([result], SHAPES[:1], num_classes=NUM_CLASSES, max_queries=9)
    assert not queries.boxes.requires_grad and not queries.targets.requires_grad
