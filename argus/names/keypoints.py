"""The keypoints of annotations in COCO's format, in the order that a data set has them.

A category names its keypoints, and annotations list them in that order. mmpose reads them by their
place alone, so that a file with "left" before "right" teaches the wrong side without a word.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from argus.errors import DataError
from argus.names.wording import folded


def order_keypoints(content: Mapping[str, Any], names: Sequence[str], path: Any) -> None:
    """Put the keypoints of all annotations into the order of ``names``, by the file's own names.

    Doing it twice changes nothing.

    Args:
        content: The parsed annotation file, whose entries have been looked at; it is changed.
        names: Of the keypoints of the data set.
        path: The file, for the message.

    Raises:
        DataError: A category names other keypoints.
    """
    places: dict[Any, list[int]] = {}
    for category in content["categories"]:
        numbers = keypoint_numbers(category, names, path)
        if numbers is not None:
            places[category["id"]] = [numbers.index(number) for number in range(len(names))]
            category["keypoints"] = list(names)
    for annotation in content["annotations"]:
        order = places.get(annotation["category_id"])
        values = annotation.get("keypoints")
        if order and values:
            annotation["keypoints"] = [v for k in order for v in values[3 * k : 3 * k + 3]]


def keypoint_numbers(
    category: Mapping[str, Any], names: Sequence[str], path: Any
) -> list[int] | None:
    """Place among ``names`` of each keypoint of a category of an annotation file.

    Names are compared without case, spaces and punctuation.

    Args:
        category: Its entry in the file; one that names no keypoints has them in the order of
            ``names``.
        names: Of the keypoints.
        path: The file, for the message.

    Returns:
        In the order of the file; ``None`` if that is the same.

    Raises:
        DataError: It names other keypoints.
    """
    stated = category.get("keypoints")
    if not isinstance(stated, list) or not stated:
        return None
    found, expected = [folded(name) for name in stated], [folded(name) for name in names]
    if sorted(found) != sorted(expected) or len(set(found)) < len(found):
        raise DataError(
            f"{path}: the keypoints of its category {category['name']!r} are "
            f"{', '.join(map(str, stated))}, those of the data set {', '.join(names)}. Give the "
            "data set a metainfo of the file's keypoints; or, if they only have other names, write "
            "those of the data set into 'keypoints' of the category, in the order of the values of "
            "its annotations."
        )
    return None if found == expected else [expected.index(name) for name in found]
