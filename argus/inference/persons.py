"""Crops around people for top-down poses: from boxes to the network's input."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from argus.errors import DataError
from argus.inference.samples import person_sample
from argus.inference.size_rule import Size, SizeRule

PERSON = "person"


@dataclass(frozen=True)
class Person:
    """A box in a picture of the batch.

    Args:
        row: Which picture.
        box: (4,) float32 xyxy pixels.
        score: Of the box; 1 if the caller gave it.
    """

    row: int
    box: np.ndarray
    score: float


def persons_from_boxes(boxes: Sequence[Any], names: Sequence[str]) -> list[Person]:
    """People whose boxes a caller gives.

    Args:
        boxes: (N, 4) xyxy pixels per picture, as arrays, tensors or lists.
        names: Of the pictures, for messages.

    Raises:
        DataError: Another shape, or a box without area.
    """
    found = []
    for row, (given, name) in enumerate(zip(boxes, names, strict=True)):
        given = given.detach().cpu().numpy() if hasattr(given, "detach") else given
        try:
            array = np.asarray(given, np.float32)
        except (TypeError, ValueError) as error:
            raise DataError(f"boxes of {name}: not an array of numbers: {error}.") from error
        array = array.reshape(0, 4) if array.size == 0 else array
        if array.ndim != 2 or array.shape[1] != 4:
            raise DataError(
                f"boxes of {name}: expected (N, 4), x0 y0 x1 y1 in pixels, found the shape "
                f"{array.shape}."
            )
        for index, box in enumerate(array):
            # A NaN is not greater than anything.
            if not (box[2] > box[0] and box[3] > box[1] and np.isfinite(box).all()):
                raise DataError(
                    f"boxes of {name}: box {index} is {box.tolist()}, expected x0 < x1 and "
                    "y0 < y1 in pixels (not width and height)."
                )
            found.append(Person(row, box, 1.0))
    return found


def crop_person(
    person: Person,
    image: np.ndarray,
    rule: SizeRule,
    *,
    name: str,
    flip_indices: Sequence[int],
) -> tuple[np.ndarray, Any]:
    """The crop around a person, and the sample that knows where it lies.

    Args:
        person: Who.
        image: RGB (H, W, 3) uint8 of the picture.
        rule: That of the pose task.
        name: Path or name of the picture.
        flip_indices: Keypoint that each one becomes in a mirrored picture.

    Returns:
        RGB (h, w, 3) uint8 and a ``PoseDataSample``.
    """
    results: dict[str, Any] = dict(
        img=image,
        img_shape=image.shape[:2],
        ori_shape=image.shape[:2],
        bbox=person.box[None],
        bbox_score=np.asarray([person.score], np.float32),
    )
    for step in rule.steps:
        results = step(results)
    size: Size = (int(image.shape[0]), int(image.shape[1]))
    sample = person_sample(
        name=name,
        original=size,
        box=person.box,
        score=person.score,
        crop=results,
        flip_indices=flip_indices,
    )
    return results["img"], sample
