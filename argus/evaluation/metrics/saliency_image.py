"""A saliency map against its label in one image: what papers on saliency average over images.

Precision and recall at the levels of 8 bits; the E-measure at the same levels (Fan et al., IJCAI
2018, https://arxiv.org/abs/1805.10421); the S-measure (Fan et al., ICCV 2017,
https://arxiv.org/abs/1708.00786). Ignored pixels, which the papers do not have, count in no sum.
"""

import numpy as np

NUM_LEVELS = 256
_TINY = np.finfo(np.float64).eps


def as_toolboxes_read(probability: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A map as a PNG file of 8 bits has it, relative to its largest value.

    Args:
        probability: In [0, 1], any shape.

    Returns:
        The values in [0, 1]; and int64 in [0, 255], how many of 1/255, 2/255 to 1 they reach.
    """
    stored = np.rint((NUM_LEVELS - 1) * probability).astype(np.int64)
    largest = max(int(stored.max(initial=0)), 1)
    return stored / largest, (NUM_LEVELS - 1) * stored // largest


def count_at_least(levels: np.ndarray, label: np.ndarray, *, num_levels: int) -> np.ndarray:
    """Pixels of each class at or above each level.

    Args:
        levels: (N,) int in [0, num_levels).
        label: (N,) int, 0 or 1.
        num_levels: L.

    Returns:
        (2, L) int; at level 0 all pixels.
    """
    histogram = np.bincount(label * num_levels + levels, minlength=2 * num_levels)
    return histogram.reshape(2, num_levels)[:, ::-1].cumsum(axis=1)[:, ::-1]


def precision_recall(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(L,) each from :func:`count_at_least`; 0 where nothing is found or nothing is there."""
    right, found = counts[1], counts.sum(axis=0)
    return right / np.maximum(found, 1), right / max(int(right[0]), 1)


def enhanced_alignment(counts: np.ndarray) -> np.ndarray:
    """The E-measure of the map of pixels at or above each level.

    Map and label without their means, a and b per pixel, are aligned by 2 a b / (a^2 + b^2); the
    measure is the mean of (1 + alignment)^2 / 4. As both are binary, it follows from four counts.

    Args:
        counts: (2, L) from :func:`count_at_least`.

    Returns:
        (L,), in [0, 1] but for the published sum's division by one pixel less than there are.
    """
    total, salient = int(counts[:, 0].sum()), int(counts[1, 0])
    found_wrong, found_right = counts
    if salient in (0, total):  # the label has no contrast: the share of right pixels
        right = found_right + (total - salient - found_wrong)
        return right / max(total - 1, 1)
    share_found, share_salient = counts.sum(axis=0) / total, salient / total
    measure = np.zeros(counts.shape[1])
    for is_found in (0, 1):
        for is_salient in (0, 1):
            passed, of_class = counts[is_salient], int(counts[is_salient, 0])
            number = passed if is_found else of_class - passed
            a, b = is_found - share_found, is_salient - share_salient
            measure += number * (1 + 2 * a * b / (a**2 + b**2)) ** 2 / 4
    return measure / max(total - 1, 1)


def structure_measure(prediction: np.ndarray, label: np.ndarray) -> float:
    """The S-measure: half likeness of object and background, half likeness of four quarters.

    Args:
        prediction: (H, W) in [0, 1].
        label: (H, W) int, 0, 1 or 255 (ignored), with a valid pixel.
    """
    share = float((label[label != 255] == 1).mean())
    if share == 0:
        return float(1 - prediction[label == 0].mean())
    if share == 1:
        return float(prediction[label == 1].mean())
    by_object = share * _uniform_likeness(prediction[label == 1])
    by_object += (1 - share) * _uniform_likeness(1 - prediction[label == 0])
    return max(0.0, (by_object + _quarters(prediction, label)) / 2)


def _uniform_likeness(values: np.ndarray) -> float:
    """How close values in [0, 1] are to being all 1."""
    mean = values.mean()
    deviation = values.std(ddof=1) if values.size > 1 else 0.0
    return float(2 * mean / (mean**2 + 1 + deviation + _TINY))


def _quarters(prediction: np.ndarray, label: np.ndarray) -> float:
    """Structural likeness of the quarters around the object's centre, weighted by their pixels."""
    centre = np.argwhere(label == 1).mean(axis=0)
    # Rows and columns up to the centre's own; halves are rounded up.
    row, column = np.floor(centre + 0.5).astype(int) + 1
    measure, total = 0.0, 0
    for rows in (slice(None, row), slice(row, None)):
        for columns in (slice(None, column), slice(column, None)):
            valid = label[rows, columns] != 255
            truth = label[rows, columns][valid].astype(np.float64)
            if truth.size:
                measure += truth.size * _likeness(prediction[rows, columns][valid], truth)
                total += truth.size
    return measure / total


def _likeness(prediction: np.ndarray, truth: np.ndarray) -> float:
    """The structural similarity of two sets of values, without its constants."""
    x, y = prediction.mean(), truth.mean()
    dx, dy = prediction - x, truth - y
    freedom = prediction.size - 1 + _TINY
    covariance = 4 * x * y * np.sum(dx * dy) / freedom
    variance = (x**2 + y**2) * (np.sum(dx**2) + np.sum(dy**2)) / freedom
    if covariance != 0:
        return float(covariance / (variance + _TINY))
    return 1.0 if variance == 0 else 0.0
