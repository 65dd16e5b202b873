"""Which place of one picture looks like which place of another, by the features there.

Source: "Probing the 3D Awareness of Visual Foundation Models" (El Banani et al., CVPR 2024), whose
matches are nearest neighbours by cosine, the surest first by Lowe's ratio test.

What was changed: the neighbours are found by matrix products in pieces instead of an index of
faiss, which gives the same ones.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

_LEAST_DISTANCE = 1e-9


def nearest_two(query: Tensor, target: Tensor, *, chunk: int = 2048) -> tuple[Tensor, Tensor]:
    """The two most similar targets of each query.

    Args:
        query: (n, D) float32, of any length.
        target: (m, D) float32; m is at least 2.
        chunk: Queries at a time: ``chunk * m`` similarities are in memory.

    Returns:
        Cosine distances (n, 2) in [0, 2], the nearest first, and the targets' numbers (n, 2).
    """
    assert len(target) >= 2 and chunk > 0, (len(target), chunk)
    query, target = F.normalize(query, dim=-1), F.normalize(target, dim=-1)
    distances, numbers = [query.new_zeros(0, 2)], [torch.zeros(0, 2).long().to(query.device)]
    for rows in query.split(chunk):
        similarity, index = (rows @ target.T).topk(2, dim=-1)
        distances.append(1 - similarity)
        numbers.append(index)
    return torch.cat(distances), torch.cat(numbers)


def ratio_weights(distances: Tensor) -> Tensor:
    """How much nearer the nearest is than the second: 1 minus the ratio of the distances.

    Args:
        distances: (n, 2), not negative, the nearest first.

    Returns:
        (n,) in [0, 1]; 0 where both are as near.
    """
    nearest, second = distances.clamp(min=_LEAST_DISTANCE).unbind(-1)
    return 1 - nearest / second


def best_matches(
    query: Tensor, target: Tensor, *, number: int, chunk: int = 2048
) -> tuple[Tensor, Tensor, Tensor]:
    """The surest of the matches of all queries with their nearest targets.

    Args:
        query: (n, D).
        target: (m, D); m is at least 2.
        number: Of matches; all if there are fewer queries.
        chunk: As for :func:`nearest_two`.

    Returns:
        Numbers of the queries (k,) and of their targets (k,), and the weights (k,), falling.
    """
    distances, index = nearest_two(query, target, chunk=chunk)
    weights, rows = ratio_weights(distances).topk(min(number, len(query)))
    return rows, index[rows, 0], weights


def features_at(features: Tensor, places: Tensor, *, align_corners: bool) -> Tensor:
    """Features at places of a picture, bilinear.

    Args:
        features: (D, h, w).
        places: (k, 2) x and y as fractions of the picture's width and height.
        align_corners: Whether 0 and 1 are the centres of the outer patches, or their outer edges.

    Returns:
        (k, D).
    """
    grid = (places * 2 - 1)[None, None].to(features)
    found = F.grid_sample(features[None], grid, mode="bilinear", align_corners=align_corners)
    return found[0, :, 0].T


def likest_places(queries: Tensor, features: Tensor, *, at_centre: bool) -> Tensor:
    """The patch of a picture that is most like each query.

    Args:
        queries: (k, D).
        features: (D, h, w).
        at_centre: Whether the place of a patch is its centre, or its upper left corner.

    Returns:
        (k, 2) x and y as fractions of the picture's width and height.
    """
    _, height, width = features.shape
    best = (queries @ features.flatten(1)).argmax(-1)
    places = torch.stack([best % width, best // width], dim=-1).to(features.dtype)
    size = places.new_tensor([width, height])
    return (places + 0.5 * at_centre) / size
