"""Morphological thinning of many nested maps at once.

The algorithm is that of Guo and Hall (Comm. ACM 32(3), 1989) in the form of Lam, Lee and Suen (PAMI
14(9), 1992), which MATLAB's ``bwmorph(map, 'thin', inf)`` of the boundary benchmarks has. A map
per threshold is one bit of a pixel's words here, so that a test of a neighbourhood is a dozen
bitwise operations for all thresholds, and only pixels beside a change are tested again.
"""

from typing import NamedTuple

import numpy as np

# x1 to x8 of the papers as (dy, dx): east, then counter-clockwise.
NEIGHBOURS = ((0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1))
CHUNK = 8192  # pixels tested at a time, for the cache


class ThinMaps(NamedTuple):
    """Nested maps after thinning, which are no longer nested.

    Attributes:
        pixels: (N,) positions in raster order, of all pixels that are on in any map.
        on: (T, N) bool, the pixels of each map.
    """

    pixels: np.ndarray
    on: np.ndarray


def thin_levels(levels: np.ndarray, num_maps: int) -> ThinMaps:
    """Thin each of the maps ``levels > t`` for t from 0 to ``num_maps - 1`` on its own.

    Args:
        levels: (H, W) int, in how many of the maps a pixel is.
        num_maps: T.
    """
    pixels = np.flatnonzero(levels > 0)
    words = _thin(_to_words(levels.ravel()[pixels], num_maps), _neighbours(pixels, levels.shape))
    left = words.any(axis=1)
    bits = np.unpackbits(words[left].view(np.uint8), axis=1, bitorder="little", count=num_maps)
    return ThinMaps(pixels[left], np.ascontiguousarray(bits.T).astype(bool))


def thin(mask: np.ndarray) -> np.ndarray:
    """Thin one map.

    Args:
        mask: (H, W) bool.

    Returns:
        (H, W) bool, lines one pixel wide with the connectivity of the mask.
    """
    result = np.zeros(mask.shape, bool)
    result.ravel()[thin_levels(mask.astype(np.uint8), 1).pixels] = True
    return result


def _to_words(levels: np.ndarray, num_maps: int) -> np.ndarray:
    """(N, W) uint64 with the lowest ``levels`` bits set."""
    bits = np.zeros((len(levels), -(-num_maps // 64) * 64), bool)
    bits[:, :num_maps] = levels[:, None] > np.arange(num_maps)
    return np.packbits(bits, axis=1, bitorder="little").view(np.uint64)


def _neighbours(pixels: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """(8, N) ranks of the neighbours among ``pixels``; N for those that are in no map."""
    width = shape[1] + 2
    rank = np.full((shape[0] + 2) * width, len(pixels))
    padded = (pixels // shape[1] + 1) * width + pixels % shape[1] + 1
    rank[padded] = np.arange(len(pixels))
    return np.stack([rank[padded + dy * width + dx] for dy, dx in NEIGHBOURS])


def _thin(words: np.ndarray, neighbours: np.ndarray) -> np.ndarray:
    count = len(words)
    words = np.concatenate([words, np.zeros_like(words[:1], shape=(1, words.shape[1]))])
    waiting = np.ones((2, count + 1), bool)  # per half step, pixels whose surroundings are new
    waiting[:, count] = False
    half = 0
    while waiting.any():
        tested = np.flatnonzero(waiting[half])
        waiting[half] = False
        deleted = np.empty((len(tested), words.shape[1]), np.uint64)
        for start in range(0, len(tested), CHUNK):
            part = tested[start : start + CHUNK]
            around = words[neighbours[:, part]]
            deleted[start : start + CHUNK] = words[part] & _deletable(around, half)
        changed = deleted.any(axis=1)
        words[tested[changed]] ^= deleted[changed]
        waiting[:, neighbours[:, tested[changed]].ravel()] = True
        waiting[:, count] = False
        half = 1 - half
    return words[:count]


def _deletable(x: np.ndarray, half: int) -> np.ndarray:
    """Conditions G1, G2 and G3 (G3' in the second half step), bit by bit.

    Args:
        x: (8, ...) words of the neighbours.
        half: 0 or 1.
    """
    x1, x2, x3, x4, x5, x6, x7, x8 = x
    # G1: one change from off to on around the pixel, so that it joins nothing.
    b1, b2, b3, b4 = ~x1 & (x2 | x3), ~x3 & (x4 | x5), ~x5 & (x6 | x7), ~x7 & (x8 | x1)
    once = ((b1 ^ b2) & ~(b3 | b4)) | ((b3 ^ b4) & ~(b1 | b2))
    # G2: 2 <= min(n1, n2) <= 3 of the pairs, so that it is neither an end nor inside.
    odd, even = (x1 | x2, x3 | x4, x5 | x6, x7 | x8), (x2 | x3, x4 | x5, x6 | x7, x8 | x1)
    two = _at_least_two(*odd) & _at_least_two(*even)
    inside = odd[0] & odd[1] & odd[2] & odd[3] & even[0] & even[1] & even[2] & even[3]
    # G3: from one side at a time, so that a line two pixels wide does not vanish.
    side = (x2 | x3 | ~x8) & x1 if half == 0 else (x6 | x7 | ~x4) & x5
    found: np.ndarray = once & two & ~inside & ~side
    return found


def _at_least_two(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> np.ndarray:
    found: np.ndarray = (a & b) | (c & d) | ((a | b) & (c | d))
    return found
