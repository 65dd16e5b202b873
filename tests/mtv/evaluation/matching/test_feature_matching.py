import numpy as np
import pytest
import torch

from argus.mtv.evaluation.matching.feature_matching import (
    best_matches,
    features_at,
    likest_places,
    nearest_two,
    ratio_weights,
)


def random(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("chunk", [1, 4, 100])
def test_nearest_two__brute_force_for_any_chunk(chunk):
    query, target = random(11, 6), random(7, 6, seed=1)
    distances, numbers = nearest_two(query, target, chunk=chunk)
    a, b = (x.double().numpy() for x in (query, target))
    for row in range(11):
        cosine = [a[row] @ y / np.linalg.norm(a[row]) / np.linalg.norm(y) for y in b]
        order = np.argsort(cosine)[::-1][:2]
        assert numbers[row].tolist() == order.tolist()
        np.testing.assert_allclose(distances[row], 1 - np.array(cosine)[order], atol=1e-6)


def test_ratio_weights__by_hand():
    distances = torch.tensor([[0.1, 0.4], [0.3, 0.3], [0.0, 0.5], [0.0, 0.0]])
    torch.testing.assert_close(ratio_weights(distances), torch.tensor([0.75, 0.0, 1.0, 0.0]))


def test_best_matches__a_permutation_is_found_the_surest_first():
    features, order = random(40, 16), torch.randperm(40, generator=torch.Generator().manual_seed(2))
    target = features[order]
    target[order == 3] += 0.5 * random(16, seed=5)  # still the nearest, but less sure
    rows, columns, weights = best_matches(features, target, number=1000)
    assert torch.equal(order[columns], rows) and len(rows) == 40
    assert rows[-1] == 3 and (weights[:-1] >= weights[1:]).all()
    few, _, _ = best_matches(features, target, number=5)
    assert len(few) == 5 and 3 not in few


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_likest_places__of_a_turned_map_are_turned(turns):
    features = torch.nn.functional.normalize(random(12, 5, 5), dim=0)
    turned = features.rot90(turns, (1, 2))
    centres = (torch.tensor([[1, 0], [4, 2], [3, 3]]) + 0.5) / 5
    queries = features_at(features, centres, align_corners=False)
    found = likest_places(queries, turned, at_centre=True)
    x, y = centres.unbind(-1)
    for _ in range(turns):  # rot90 turns from the first axis (down) towards the second (right)
        x, y = y, 1 - x
    torch.testing.assert_close(found, torch.stack([x, y], -1))
    corner = likest_places(queries, turned, at_centre=False)
    torch.testing.assert_close(found - corner, torch.full((3, 2), 0.1))


def test_features_at__corners_and_bilinear_means():
    ramp = torch.arange(4.0).repeat(3, 1)[None]  # the column, 3 rows of 4
    places = torch.tensor([[0.0, 0.5], [1.0, 0.5], [0.5, 0.5], [0.375, 0.2]])
    at_corners = features_at(ramp, places, align_corners=True)[:, 0]
    torch.testing.assert_close(at_corners, torch.tensor([0.0, 3.0, 1.5, 1.125]))
    at_edges = features_at(ramp, places[2:], align_corners=False)[:, 0]
    torch.testing.assert_close(at_edges, torch.tensor([1.5, 1.0]))
