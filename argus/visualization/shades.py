"""Shades of a class's colour that tell its objects apart."""

import numpy as np

from argus.visualization.palette import BLACK, RGB, WHITE, mix

# The objects of a class, from left to right: plain, lighter, darker, ...
SHADES: tuple[tuple[RGB, float], ...] = (
    (WHITE, 0.0),
    (WHITE, 0.4),
    (BLACK, 0.35),
    (WHITE, 0.65),
    (BLACK, 0.55),
)


def shade(color: RGB, rank: int) -> RGB:
    """The colour of the object of this rank, from 0 on; they repeat after five."""
    other, amount = SHADES[rank % len(SHADES)]
    return mix(color, other, amount)


def ranks_from_left(labels: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """The place of each object among those of its class.

    Prediction and truth number objects differently, but where they agree their shades do.

    Args:
        labels: ``(n,)``.
        centers: ``(n,)``, x of the middle of each.

    Returns:
        ``(n,)`` integers, 0 for the first from the left.
    """
    ranks = np.zeros(len(labels), int)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        ranks[members[np.argsort(centers[members], kind="stable")]] = np.arange(len(members))
    return ranks
