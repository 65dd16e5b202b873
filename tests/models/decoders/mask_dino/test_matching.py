"""Matching against brute force and against costs written out in NumPy."""

import itertools

import numpy as np
import pytest
import torch

from argus.models.decoders.mask_dino.matching import HungarianMatcher
from argus.models.decoders.mask_dino.structures import Predictions, Targets

from .toy import batch, targets_of


def random_predictions(stages: int, images: int, queries: int, seed: int = 0) -> Predictions:
    g = torch.Generator().manual_seed(seed)
    boxes = torch.rand(stages, images, queries, 4, generator=g) * 0.5 + 0.25
    return Predictions(
        torch.randn(stages, images, queries, 3, generator=g),
        boxes,
        torch.randn(stages, images, queries, 5, generator=g),
    )


def numpy_cost(
    predictions: Predictions, features: np.ndarray, targets: Targets, s: int, b: int, q: int, t: int
) -> float:
    logit = float(predictions.class_logits[s, b, q, targets.labels[b, t]])
    prob = 1 / (1 + np.exp(-logit))
    cost = 4 * (0.25 * (1 - prob) ** 2 * -np.log(prob) - 0.75 * prob**2 * -np.log(1 - prob))
    box = predictions.boxes[s, b, q].numpy().astype(np.float64)
    truth = targets.boxes[b, t].numpy().astype(np.float64)
    cost += 5 * np.abs(box - truth).sum()
    (ax0, ay0), (ax1, ay1) = box[:2] - box[2:] / 2, box[:2] + box[2:] / 2
    (bx0, by0), (bx1, by1) = truth[:2] - truth[2:] / 2, truth[:2] + truth[2:] / 2
    inter = max(0, min(ax1, bx1) - max(ax0, bx0)) * max(0, min(ay1, by1) - max(ay0, by0))
    union = box[2] * box[3] + truth[2] * truth[3] - inter
    hull = (max(ax1, bx1) - min(ax0, bx0)) * (max(ay1, by1) - min(ay0, by0))
    cost += 2 * (1 - (inter / union - (hull - union) / hull))
    mask = np.tensordot(predictions.mask_embeds[s, b, q].numpy(), features[b], 1)
    # 64 px images and 16 x 16 cells: the bilinear value at a cell's centre is the mean of the
    # four pixels around it.
    pixels = targets.masks[targets.mask_index[b, t]].numpy().astype(np.float64)
    gt = pixels.reshape(16, 4, 16, 4)[:, 1:3, :, 1:3].mean((1, 3))
    p = 1 / (1 + np.exp(-mask.astype(np.float64)))
    cost += 5 * -(gt * np.log(p) + (1 - gt) * np.log(1 - p)).mean()
    return cost + 5 * (1 - (2 * (p * gt).sum() + 1) / (p.sum() + gt.sum() + 1))


def test_costs__equal_numpy() -> None:
    _, samples = batch([2, 1])
    targets = targets_of(samples)
    predictions = random_predictions(2, 2, 4)
    features = torch.randn(2, 5, 16, 16, generator=torch.Generator().manual_seed(1))
    costs = HungarianMatcher(num_points=None).costs(predictions, features, targets)
    assert costs.shape == (2, 2, 4, 2)
    for b, s, q in itertools.product(range(2), range(2), range(4)):
        for t in range(targets.counts[b]):
            expected = numpy_cost(predictions, features.numpy(), targets, s, b, q, t)
            assert float(costs[b, s, q, t]) == pytest.approx(expected, rel=1e-4, abs=1e-4)


def test_costs__random_points_estimate_all_points() -> None:
    _, samples = batch([2, 2])
    targets = targets_of(samples)
    predictions = random_predictions(1, 2, 4)
    features = torch.randn(2, 5, 16, 16, generator=torch.Generator().manual_seed(1))
    features = torch.nn.functional.avg_pool2d(features, 5, 1, 2)  # smooth: little aliasing
    torch.manual_seed(0)
    every = HungarianMatcher(num_points=None).costs(predictions, features, targets)
    some = HungarianMatcher(num_points=20000).costs(predictions, features, targets)
    torch.testing.assert_close(some, every, atol=0.15, rtol=0)


def test_match__equals_brute_force() -> None:
    _, samples = batch([3, 0, 2])
    targets = targets_of(samples)
    costs = torch.randn(3, 2, 5, 3, generator=torch.Generator().manual_seed(0))
    matches = HungarianMatcher().match(costs, targets, (1, 1))
    assert matches.counts == tuple(2 * n for n in targets.counts)
    for b, count in enumerate(targets.counts):
        for s in range(2 if count else 0):
            best = min(
                itertools.permutations(range(5), count),
                key=lambda rows: sum(float(costs[b, s, r, t]) for t, r in enumerate(rows)),
            )
            here = (matches.image == b) & (matches.stage == s)
            found = dict(
                zip(matches.target[here].tolist(), matches.query[here].tolist(), strict=True)
            )
            assert found == dict(enumerate(best))


def test_match__repeats_give_each_instance_several_queries() -> None:
    _, samples = batch([2])
    targets = targets_of(samples)
    costs = torch.randn(1, 2, 7, 2, generator=torch.Generator().manual_seed(0))
    matches = HungarianMatcher().match(costs, targets, (3, 1))
    first = matches.stage == 0
    assert torch.bincount(matches.target[first]).tolist() == [3, 3]
    assert len(set(matches.query[first].tolist())) == 6
    assert torch.bincount(matches.target[~first]).tolist() == [1, 1]


def test_match__survives_more_instances_than_queries() -> None:
    _, samples = batch([3])
    targets = targets_of(samples)
    costs = torch.randn(1, 1, 2, 3, generator=torch.Generator().manual_seed(0))
    matches = HungarianMatcher().match(costs, targets, (4,))
    assert sorted(matches.query.tolist()) == [0, 1]
    assert len(set(matches.target.tolist())) == 2


def test_match__permuted_instances_are_found_again() -> None:
    _, samples = batch([3])
    targets = targets_of(samples)
    costs = torch.randn(1, 1, 6, 3, generator=torch.Generator().manual_seed(0))
    order = [2, 0, 1]
    straight = HungarianMatcher().match(costs, targets, (1,))
    permuted = HungarianMatcher().match(costs[..., order], targets, (1,))
    expected = dict(zip(straight.target.tolist(), straight.query.tolist(), strict=True))
    found = dict(
        zip((order[t] for t in permuted.target.tolist()), permuted.query.tolist(), strict=True)
    )
    assert found == expected


def test_costs__not_a_number_is_only_expensive() -> None:
    _, samples = batch([1])
    targets = targets_of(samples)
    predictions = random_predictions(1, 1, 2)
    predictions.boxes[0, 0, 0] = float("nan")
    features = torch.randn(1, 5, 16, 16)
    matcher = HungarianMatcher(num_points=None)
    matches = matcher.match(matcher.costs(predictions, features, targets), targets, (1,))
    assert matches.query.tolist() == [1]
