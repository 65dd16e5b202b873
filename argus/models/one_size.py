"""Batches of pictures of several sizes, for the models that predict pictures of one size together.

mmseg's refuse others; mmpretrain's pad them with zeros to the largest, so that a prediction would
depend on the other pictures of the batch.
"""

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor

LIBRARIES = ("mmseg", "mmpretrain")
"""Whose models they are; mmdet's take the size of each picture into account."""


def by_size(
    images: Sequence[Tensor],
    samples: Sequence[Any],
    predict: Callable[[list[Tensor], list[Any]], Sequence[Any]],
) -> list[Any]:
    """Predict the pictures of each size together.

    Args:
        images: (C, H, W) each.
        samples: One for each.
        predict: Takes images of one size and their samples; gives one prediction for each.

    Returns:
        Predictions in the order of the images.
    """
    groups: dict[tuple[int, ...], list[int]] = {}
    for index, image in enumerate(images):
        groups.setdefault(tuple(image.shape[-2:]), []).append(index)
    found: dict[int, Any] = {}
    for group in groups.values():
        predicted = predict([images[i] for i in group], [samples[i] for i in group])
        found.update(zip(group, predicted, strict=True))
    return [found[index] for index in range(len(images))]
